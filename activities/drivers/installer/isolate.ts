/**
 * Runs a program as PID 1 of a private mount and PID namespace that ends with this process: when we are killed, even by SIGKILL,
 * the kernel kills everything in there, and mounts and loop devices go with the last process.
 */
export const isolated = (...argv: readonly string[]): readonly [string, ...string[]] => [
  'setpriv',
  '--pdeathsig=KILL',
  '--',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child=KILL',
  '--mount-proc',
  '--propagation=private',
  '--',
  ...argv,
];
