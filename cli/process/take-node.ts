import { mkdirSync } from 'node:fs';
import type { NodeName } from '../../domain/ids.ts';
import { takeLock } from '../instance/lock.ts';
import { type NodeDrivers, realDrivers, simulatedDrivers } from './drivers.ts';
import { hostLibvirt } from './host.ts';
import type { Stack } from './running.ts';
import type { Settings } from './settings.ts';

export interface NodePlan {
  readonly name: NodeName;
  /** How long each effect of a simulated node takes; null: this machine itself. */
  readonly stepMs: number | null;
  /** Where the metadata service listens, for the guests of a real one. */
  readonly metadataPort: number;
}

/** What a node works with, once this process alone is that node; 'conflict' if another goes on to be, or is the host's node by another name. */
export async function takeNode(
  settings: Settings,
  things: Stack,
  { name, stepMs, metadataPort }: NodePlan,
): Promise<NodeDrivers> {
  const { paths, config } = settings;
  if (stepMs === null)
    things.push(onlyOne(paths.hostLock, `is the real node of ${paths.dir}: a host has one, so end that first`));
  mkdirSync(paths.node(name), { recursive: true });
  things.push(onlyOne(paths.nodeLock(name), `is the node ${name} of ${paths.dir}: end it, or choose another name`));
  if (stepMs !== null) return simulatedDrivers(settings, name, stepMs);
  // There to put image files in, without a question where.
  if (config.node.images_dir === undefined) mkdirSync(paths.images, { recursive: true });
  return realDrivers(settings, name, await hostLibvirt(settings, name, things), metadataPort);
}

/** One that was killed is over when its last thread is: so long the next waits. */
const SUCCESSION_MS = 5_000;

/** Two processes of one node, or of one host, would work on the same things of it at once. */
function onlyOne(file: string, why: string): { stop(): Promise<void> } {
  const lock = takeLock(file, `Another process ${why}.`, SUCCESSION_MS);
  return { stop: async () => lock.release() };
}
