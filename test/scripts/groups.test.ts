import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const host = join(import.meta.dirname, '../../scripts/host');

/** Confines itself by control groups that are plain files, says the group's name and what was killed of it. */
const CONFINED = `
import os, sys
sys.path.insert(0, sys.argv[1])
import groups, limits
groups.ROOT = sys.argv[2]
limits.host_bytes = lambda: 16 * 1024 * limits.MIB
group = groups.Group(os.getpid())
for directory in group.held:
  with open(f"{directory}/{sys.argv[3]}", "w") as file: file.write(sys.argv[4])
print(group.name, os.getpid(), group.release())
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-groups-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const confined = (file: string, text: string) => {
  const told = execFileSync('python3', ['-B', '-c', CONFINED, host, root, file, text], { encoding: 'utf8' });
  const [name = '', pid, killed] = told.trim().split(' ');
  return { name, pid, killed };
};
const value = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8');

it('bounds a run and all runs by control groups of version 2', () => {
  writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory pids');
  // Left by a run that was killed.
  mkdirSync(join(root, 'slipway-scripts', 'dead'), { recursive: true });
  const { name, pid, killed } = confined('memory.events', 'low 0\noom 4\noom_kill 3\noom_group_kill 7\n');
  expect(killed).toBe('3');
  const all = 'slipway-scripts';
  for (const path of [['cgroup.subtree_control'], [all, 'cgroup.subtree_control']])
    expect(value(...path)).toBe('+memory +pids');
  expect([value(all, 'pids.max'), value(all, 'memory.max')]).toEqual(['8192', String(8 * 2 ** 30)]);
  expect([value(all, name, 'pids.max'), value(all, name, 'memory.max')]).toEqual(['1024', String(2 * 2 ** 30)]);
  expect(value(all, name, 'cgroup.procs')).toBe(pid);
  expect(readdirSync(join(root, all))).not.toContain('dead');
});

it('bounds a run and all runs by control groups of version 1', () => {
  for (const controller of ['pids', 'memory']) mkdirSync(join(root, controller));
  const { name, pid, killed } = confined('memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n');
  expect(killed).toBe('0');
  const [tasks, memory] = [join('pids', 'slipway-scripts'), join('memory', 'slipway-scripts')];
  expect([value(tasks, 'pids.max'), value(tasks, name, 'pids.max')]).toEqual(['8192', '1024']);
  const bytes = [[memory], [memory, name]].map((path) => value(...path, 'memory.limit_in_bytes'));
  expect(bytes).toEqual([8, 2].map((gib) => String(gib * 2 ** 30)));
  for (const all of [tasks, memory]) expect(value(all, name, 'cgroup.procs')).toBe(pid);
});
