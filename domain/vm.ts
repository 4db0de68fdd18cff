import { conflict } from './fault.ts';
import type { NodeName, VmId } from './ids.ts';
import type { MiB } from './units.ts';

interface Rule {
  readonly from: readonly VmState[];
  /** State while the action's task runs. */
  readonly via: VmState;
  readonly to: VmState;
  /** 'back' is the state before the action. */
  readonly onFailure: VmState | 'back';
}

export const VM_STATES = [
  'absent',
  'provisioning',
  'stopped',
  'starting',
  'running',
  'stopping',
  'shutting-down',
  'restarting',
  'deleting',
  'failed',
] as const;
export type VmState = (typeof VM_STATES)[number];

/** The whole life of a VM. A move that is not a row here does not exist. */
export const VM_ACTIONS = {
  create: { from: ['absent'], via: 'provisioning', to: 'running', onFailure: 'absent' },
  start: { from: ['stopped', 'failed'], via: 'starting', to: 'running', onFailure: 'failed' },
  stop: { from: ['running', 'failed', 'shutting-down'], via: 'stopping', to: 'stopped', onFailure: 'back' },
  shutdown: { from: ['running'], via: 'shutting-down', to: 'stopped', onFailure: 'back' },
  restart: { from: ['running'], via: 'restarting', to: 'running', onFailure: 'failed' },
  delete: { from: ['stopped', 'running', 'failed'], via: 'deleting', to: 'absent', onFailure: 'failed' },
} as const satisfies Record<string, Rule>;

export type VmAction = keyof typeof VM_ACTIONS;

/** Whether `action` may begin now; asking for what is already so (or on its way) is success. Throws 'conflict' otherwise. */
export function decide(action: VmAction, now: VmState): 'go' | 'already-done' {
  const rule: Rule = VM_ACTIONS[action];
  if (rule.from.includes(now)) return 'go';
  if (action !== 'create' && (now === rule.to || now === rule.via) && action !== 'restart') return 'already-done';
  throw conflict(`A VM that is ${now} cannot ${action}; that takes one that is ${rule.from.join(' or ')}.`);
}

/** How a node is chosen when the client names none. */
export const SELECTORS = ['mem', 'memprov', 'vcpus', 'load', 'vms', 'none'] as const;
export type Selector = (typeof SELECTORS)[number];

/** What a creation waits for before its task is done. */
export const WAITS = ['nothing', 'running', 'cloud-init'] as const;
export type WaitFor = (typeof WAITS)[number];

export interface Vm {
  readonly id: VmId;
  readonly name: string;
  readonly tenant: string;
  readonly state: VmState;
  readonly node: NodeName;
  readonly lastNode: NodeName | null;
  readonly failedReason: string | null;
  readonly profile: string | null;
  readonly description: string;
  readonly memory: MiB;
  readonly vcpus: number;
  readonly nodeLimit: readonly NodeName[] | null;
  readonly selector: Selector;
  readonly autostart: boolean;
  readonly migrationMethod: string | null;
  readonly serial: boolean;
  /** Address VNC listens on, or null for none. */
  readonly vnc: string | null;
  /** Domain XML as last defined; null until then. */
  readonly xml: string | null;
  /** Whether a domain is defined on its node. */
  readonly defined: boolean;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** Characters of a VM's name at the most (RFC 1123). */
export const VM_NAME_LENGTH = 63;
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const isVmId = (text: string): boolean => UUID.test(text);

/** Why no VM can be called this, null if one can: a DNS label, since it becomes the guest's host name, and nothing that could be another's UUID. */
export function vmNameMistake(name: string): string | null {
  if (name.length > VM_NAME_LENGTH) return `'${name}' is longer than ${VM_NAME_LENGTH} characters.`;
  if (!LABEL.test(name)) return `'${name}' is not made of letters, digits and inner hyphens only.`;
  return isVmId(name) ? `'${name}' is a UUID, by which another VM may be asked for.` : null;
}
