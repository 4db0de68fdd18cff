/** What is drawn of a task. */
export interface Drawn {
  readonly state: string;
  readonly current: number;
  readonly total: number;
  readonly status: string;
}

const BAR = 24;

/** `[=====>      ]  5/12  installing: Unpacking libc6`, cut to `columns`. */
export function progressLine(task: Drawn, columns: number, note = ''): string {
  const share = task.total > 0 ? Math.min(task.current / task.total, 1) : 0;
  const filled = task.state === 'SUCCESS' ? BAR : Math.floor(share * BAR);
  const head = filled > 0 && filled < BAR ? '>' : '';
  const bar = `${'='.repeat(Math.max(filled - head.length, 0))}${head}`.padEnd(BAR);
  const width = String(task.total).length;
  const count = `${String(task.current).padStart(width)}/${task.total}`;
  const line = `[${bar}] ${count}  ${task.status}${note ? `: ${note}` : ''}`;
  return cut(line, columns - 1);
}

/** Of a text that is longer, the beginning: so many characters with the ellipsis. */
export const cut = (text: string, characters: number): string =>
  text.length > characters ? `${text.slice(0, Math.max(characters - 1, 0))}…` : text;

export interface Progress {
  show(task: Drawn): void;
  /** The last line of what the current step writes. */
  note(text: string): void;
  /** Leaves the line as it is. */
  end(): void;
}

/** On a terminal one live line, with a line left behind for each step; elsewhere one line per step. */
export function drawProgress(out: NodeJS.WriteStream): Progress {
  return out.isTTY ? live(out) : plain(out);
}

function live(out: NodeJS.WriteStream): Progress {
  let task: Drawn | null = null;
  let note = '';
  const draw = (): void => {
    // Carriage return and "erase to end of line": the line is overwritten in place.
    if (task) out.write(`\r${progressLine(task, out.columns ?? 80, note)}\x1b[K`);
  };
  return {
    show(next) {
      if (next.status !== task?.status) note = '';
      task = next;
      draw();
    },
    note(text) {
      note = printable(text);
      draw();
    },
    end() {
      note = '';
      draw();
      if (task) out.write('\n');
    },
  };
}

function plain(out: NodeJS.WriteStream): Progress {
  let last = '';
  return {
    show(task) {
      const line = `${task.current}/${task.total} ${task.status}`;
      if (line !== last) out.write(`${line}\n`);
      last = line;
    },
    note: () => undefined,
    end: () => undefined,
  };
}

/** Without control characters: what a guest or script writes must not move the terminal's cursor. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed.
  text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]/g, '');
