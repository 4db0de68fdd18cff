/** Characters that a task's log keeps from the beginning of an output: some fifty times what a debootstrap writes. */
const FIRST_CHARACTERS = 2 * 1024 * 1024;
/** Lines that it keeps from the end of a longer one. */
const LAST_LINES = 100;
/** Lines that a failed script's error quotes. */
const QUOTED_LINES = 20;
/** Characters quoted of each. */
export const QUOTED_CHARACTERS = 400;

export interface Output {
  readonly line: (text: string) => void;
  /** Tells the last lines of an output that was too long to tell whole, after how many were cut. */
  readonly end: () => void;
  /** Its last lines, each cut to what an error has room for. */
  readonly quoted: () => readonly string[];
}

/** Tells a script's output line by line, however long it is: the beginning as it comes, the end when it is over. */
export function output(tell: (text: string) => void): Output {
  const last: string[] = [];
  let room = FIRST_CHARACTERS;
  let untold = 0;
  return {
    line: (text) => {
      last.push(text);
      if (last.length > LAST_LINES) last.shift();
      const before = room;
      room -= text.length + 1;
      if (room > 0) return tell(text);
      untold += 1;
      if (before > 0)
        tell(
          `(${FIRST_CHARACTERS} characters: of what the script writes from here on, the last ${LAST_LINES} lines are kept)`,
        );
    },
    end: () => {
      if (untold > last.length) tell(`(${untold - last.length} lines were cut here)`);
      if (untold > 0) for (const text of last.slice(-untold)) tell(text);
      untold = 0;
    },
    quoted: () =>
      last
        .slice(-QUOTED_LINES)
        .map((text) => (text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text)),
  };
}
