import type { NodeName } from './ids.ts';

/** Task queue of workflows and of activities that touch the store. */
export const CONTROL_QUEUE = 'control';

/** Task queue of the activities that have to run on this node. */
export const nodeQueue = (node: NodeName): string => `node:${node}`;

/** Search attributes of every task's workflow; all are Keywords. */
export const SEARCH_ATTRIBUTES = ['TaskKind', 'VmName', 'NodeName', 'Tenant'] as const;

const READABLE = '\u2063';

/** Marks a text for operators (a summary, a step's name), so that encryption leaves it readable: an invisible first character. */
export const readable = (text: string): string => `${READABLE}${text}`;

export const isReadable = (text: string): boolean => text.startsWith(READABLE);
