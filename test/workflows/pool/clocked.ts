import { engine } from '../engine.ts';

/** What a workflow that begins anew ends with. */
export class Anew extends Error {}

const handlers = new Map<string, () => void>();
const waiting = new Set<() => void>();

/** Something has happened that the workflow may wait for: its conditions are looked at then, and at no other time. */
export const happened = (): void => {
  setTimeout(() => {
    for (const look of [...waiting]) look();
  }, 0);
};

/** The signal arrives. */
export function signal(name: string): void {
  handlers.get(name)?.();
  happened();
}

/** Stands in for '@temporalio/workflow' where a workflow waits for conditions and for its clock, which is the (faked) one of the test. */
export const clocked = {
  ...engine,
  setHandler: ({ name }: { readonly name: string }, handle: () => void): void => void handlers.set(name, handle),
  condition: (holds: () => boolean, ms?: number): Promise<boolean> =>
    new Promise((resolve) => {
      const settle = (value: boolean): void => {
        waiting.delete(look);
        resolve(value);
      };
      const look = (): void => {
        if (holds()) settle(true);
      };
      waiting.add(look);
      look();
      if (ms !== undefined) setTimeout(() => settle(false), ms);
    }),
  continueAsNew: async (): Promise<never> => {
    throw new Anew();
  },
  workflowInfo: () => ({ continueAsNewSuggested: false, unsafe: { isReplaying: false } }),
};
