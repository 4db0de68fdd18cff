/** Characters of one line; a longer one comes in pieces of this length. */
export const LINE_MAX = 4096;

/** Cuts a stream of text into lines, each told as soon as it is whole; needs no more memory than one line. */
export function lines(tell: (line: string) => void): {
  readonly push: (chunk: string) => void;
  readonly end: () => void;
} {
  let rest = '';
  let afterReturn = false;
  const add = (text: string): void => {
    rest += text;
    while (rest.length > LINE_MAX) {
      tell(rest.slice(0, LINE_MAX));
      rest = rest.slice(LINE_MAX);
    }
  };
  return {
    push: (chunk) => {
      if (chunk === '') return;
      // A line break of two characters may come in two chunks.
      const parts = (afterReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk).split(/\r\n|\r|\n/);
      afterReturn = chunk.endsWith('\r');
      parts.forEach((part, index) => {
        add(part);
        if (index === parts.length - 1) return;
        tell(rest);
        rest = '';
      });
    },
    end: () => {
      if (rest !== '') tell(rest);
      rest = '';
    },
  };
}
