// Runs before the page is drawn, so that it never shows in the other colours first.
(() => {
  const KEY = 'slipway-dashboard-theme';
  const THEMES = ['auto', 'light', 'dark'];
  const WORDS = { auto: 'as the system', light: 'light', dark: 'dark' };
  const root = document.documentElement;

  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      // Storage may be forbidden: the choice then lasts as long as the page.
      return null;
    }
  };
  const use = (theme) => {
    root.dataset.theme = theme;
    const button = document.getElementById('theme');
    if (button) button.textContent = `Colours: ${WORDS[theme]}`;
  };
  const next = () => {
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // As above.
    }
    use(theme);
  };

  const first = remembered();
  use(THEMES.includes(first) ? first : 'auto');
  document.addEventListener('DOMContentLoaded', () => {
    use(root.dataset.theme);
    document.getElementById('theme').addEventListener('click', next);
  });
})();
