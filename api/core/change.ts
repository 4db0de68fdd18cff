import { invalid } from '../../domain/fault.ts';

/** 'invalid' for a change of nothing: what was meant is not there. */
export function something<T extends object>(change: T): T {
  if (Object.keys(change).length === 0) throw invalid('body', 'names nothing to change.');
  return change;
}
