/// <reference lib="dom" />
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../store/open.ts';
import { updatePool } from '../../store/vm-pool.ts';
import { seedBusy } from '../dialects/vmpooler/busy.ts';
import { type Site, site } from '../dialects/vmpooler/site.ts';
import { seedDurations, seedEntries, seedPool } from '../pool-rows.ts';
import { scratch } from '../store/scratch.ts';

const CHROMIUM = '/usr/bin/chromium';
/** It asks nothing of the internet by itself. */
const ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const HOSTILE = '<img src=x onerror="document.title=1">';

describe.skipIf(!existsSync(CHROMIUM))(
  `the dashboard in Chromium${existsSync(CHROMIUM) ? '' : ' (not installed)'}`,
  () => {
    let browser: Browser;
    let s: ReturnType<typeof scratch>;
    let store: Store;
    let at: Site;
    /** What must not happen: errors, and requests to others. */
    let faults: string[];
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      s = scratch();
      store = s.open();
      faults = [];
      at = await site(store);
    });
    afterEach(async () => {
      // A page that is left open looks for its server for ever.
      for (const context of browser.contexts()) await context.close();
      await at.stop();
      await s.close();
    });

    const visit = async (options: BrowserContextOptions = {}): Promise<Page> => {
      const context = await browser.newContext({ locale: 'en-GB', ...options });
      const page = await context.newPage();
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) faults.push(message.text());
      });
      page.on('pageerror', (error) => void faults.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith(at.origin)) faults.push(`asks ${request.url()}`);
      });
      await page.goto(`${at.origin}/`);
      await page.waitForSelector('body[data-connection=live]');
      return page;
    };
    const card = (page: Page, name: string) =>
      page.locator('.pool', { has: page.getByRole('heading', { name, exact: true }) });

    it('says how to make a pool while there is none, and shows the first one by itself', async () => {
      const page = await visit();
      expect(await page.title()).toBe('Slipway');
      await page.getByText('slipway pool create').waitFor();
      await store.write((tx) => seedPool(tx, { name: 'debian-12', size: 2 }));
      await card(page, 'debian-12').waitFor();
      expect(await page.locator('#none').isVisible()).toBe(false);
      expect(faults).toEqual([]);
    });

    it('shows every number, and changes with the store without being loaded again', async () => {
      await seedBusy(store);
      const page = await visit();
      expect(await page.title()).toBe('Delivery VM pools');
      expect(await page.locator('#headline').innerText()).toMatch(/Ready\s+84 \/ 94\s+89.4 %/);
      expect(await page.locator('#verdict').innerText()).toBe(
        '1 pool is empty: ubuntu-7-x86_64. Failing: sles-7-x86_64, windows-7-x86_64.',
      );
      const text = async (name: string) => (await card(page, name).innerText()).replaceAll(/\s+/g, ' ');
      expect(await text('centos-7-x86_64')).toMatch(
        /3 \/ 6 ready .* refilling: 3 missing, 2 on their way pending 2 running 7/,
      );
      expect(await text('windows-7-x86_64')).toMatch(/backing off until \d\d:\d\d:\d\d The storage pool vms/);
      expect(await text('sles-7-x86_64')).toMatch(/given up after 10 failures The install script failed/);
      expect(await page.locator('#failures li').count()).toBe(4);
      expect(await page.locator('.pool svg[role=img]').count()).toBe(12);
      await page.evaluate('window.same = true');
      await store.write((tx) => seedEntries(tx, 'centos-7-x86_64', 'ready', 3));
      await page.getByText('87 / 94').waitFor();
      expect(await text('centos-7-x86_64')).toMatch(/6 \/ 6 ready .* ok/);
      expect(await page.evaluate('window.same')).toBe(true);
      expect(faults).toEqual([]);
    });

    it('shows what others wrote as text, whatever it looks like, and of many lines two', async () => {
      await store.write(async (tx) => {
        await seedPool(tx, { name: 'a', template: HOSTILE });
        await updatePool(tx, 'a', { failures: 1, lastError: HOSTILE, failedAt: Date.now(), halted: true });
        await seedPool(tx, { name: 'b' });
        const lastError = 'install failed:\n  File "script.py"\n\nE: no such suite\n';
        await updatePool(tx, 'b', { failures: 1, lastError, failedAt: Date.now() - 1, halted: true });
      });
      const page = await visit();
      expect(await card(page, 'a').locator('.reason').innerText()).toBe(HOSTILE);
      const short = 'install failed: … E: no such suite';
      expect(await card(page, 'b').locator('.reason').innerText()).toBe(short);
      expect(await page.locator('#failures .reason').allInnerTexts()).toEqual([HOSTILE, short]);
      expect(await page.locator('img').count()).toBe(0);
      expect(faults).toEqual([]);
    });

    it('is used by keyboard: skip link, colours, filter, tables', async () => {
      await seedBusy(store, 6);
      const page = await visit();
      const focused = () =>
        page.evaluate<string>('document.activeElement.id || document.activeElement.textContent.trim()');
      const stops: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        await page.keyboard.press('Tab');
        stops.push(await focused());
      }
      expect(stops).toEqual([
        'Skip to the pools',
        'theme',
        'filter',
        'Ready VMs of the last 24 hours as a table',
        'The last 7 days as a table',
      ]);
      await page.keyboard.press('Enter');
      await page.getByRole('table', { name: 'Clones and boots by day' }).waitFor();
      expect(await page.getByRole('table', { name: 'Clones and boots by day' }).locator('tbody tr').count()).toBe(7);
      await page.locator('#curve-table summary').press('Enter');
      const curves = page.getByRole('table', { name: /least that was ready/ });
      await curves.waitFor();
      expect(await curves.locator('tbody tr').count()).toBe(6);
      await page.locator('#theme').press('Enter');
      expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
      await page.reload();
      expect(await page.locator('#theme').innerText()).toBe('Colours: light');
      await page.locator('#filter').fill('given up');
      await page.getByText('1 of 6').waitFor();
      expect(await page.locator('.pool h3').allInnerTexts()).toEqual(['sles-7-x86_64']);
      expect(faults).toEqual([]);
    });

    it('says that the connection is lost, and goes on by itself when it is back', async () => {
      await store.write((tx) => seedPool(tx, { name: 'a', size: 1 }));
      const page = await visit();
      await at.stop();
      await page
        .getByRole('alert')
        .getByText(/Connection lost, retrying at \d\d:\d\d:\d\d\. The numbers below are of/)
        .waitFor();
      await store.write((tx) => seedEntries(tx, 'a', 'ready', 1));
      at = await site(store, Number(new URL(at.origin).port));
      await page.waitForSelector('body[data-connection=live]');
      await page.getByText('1 / 1').first().waitFor();
      expect(await page.getByRole('alert').isVisible()).toBe(false);
    });

    it.each([
      [320, 12],
      [768, 12],
      [1920, 60],
    ])('fits a screen of %d pixels with %d pools', async (width, pools) => {
      await seedBusy(store, pools);
      const page = await visit({ viewport: { width, height: 1080 } });
      await card(page, 'debian-7-x86_64').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      const dense = await page.evaluate("document.documentElement.hasAttribute('data-dense')");
      expect(dense).toBe(pools > 24);
    });

    it.each([360, 1280, 1920])('keeps the numbers of the last 7 days apart on a screen of %d pixels', async (width) => {
      await seedBusy(store, 30);
      await store.write(async (tx) => {
        for (let ago = 0; ago < 7; ago += 1) {
          const at = Date.now() - ago * 86_400_000;
          await seedDurations(tx, 'windows-7-x86_64', 'clone', [13_400], at);
          await seedDurations(tx, 'windows-7-x86_64', 'boot', [ago === 3 ? 900_000 : 21_000], at);
        }
      });
      const page = await visit({ viewport: { width, height: 1080 } });
      const numbers = page.locator('#average-chart .number');
      expect(await numbers.count()).toBe(14);
      const boxes = await Promise.all((await numbers.all()).map((one) => one.boundingBox()));
      const apart = (a: (typeof boxes)[number], b: (typeof boxes)[number]): boolean =>
        !a || !b || a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      for (const [n, box] of boxes.entries())
        for (const other of boxes.slice(n + 1))
          expect(apart(box, other), `${await numbers.nth(n).innerText()}`).toBe(true);
      expect(faults).toEqual([]);
    });

    it.each(['light', 'dark'] as const)(
      'has enough contrast in %s colours, and stands still if it is asked to',
      async (colorScheme) => {
        await seedBusy(store);
        const page = await visit({ colorScheme, reducedMotion: 'reduce' });
        await card(page, 'debian-7-x86_64').waitFor();
        const texts = [
          'h1',
          '#verdict',
          '#connection',
          '#theme',
          '.small',
          '.big',
          '.also',
          '.of',
          '.state',
          '.reason',
          '.pool dt',
        ];
        const more = [
          '.pool[data-level=warn] .state',
          '.pool[data-level=bad] .state',
          '.number',
          '.label',
          '.failures time',
          '.legend',
        ];
        for (const selector of [...texts, ...more])
          expect(await page.locator(selector).first().evaluate(contrast), selector).toBeGreaterThanOrEqual(4.5);
        expect(await page.locator('.dot').evaluate((dot) => getComputedStyle(dot).animationName)).toBe('none');
        expect(faults).toEqual([]);
      },
    );
  },
);

/** WCAG's ratio of an element's text to what is behind it. Runs in the page. */
function contrast(element: Element): number {
  const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([r = 0, g = 0, b = 0]: number[]) => {
    const [x = 0, y = 0, z = 0] = [r, g, b].map((c) => {
      const share = c / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  let behind: Element | null = element;
  while (behind && channels(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind ?? document.body).backgroundColor];
  const [darker = 0, lighter = 0] = pair.map((colour) => luminance(channels(colour))).sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}
