import type { NodeName, Sha256, Vni } from './ids.ts';
import type { MiB } from './units.ts';
import type { Selector, WaitFor } from './vm.ts';

/** Lowest and highest values of what a template gives a VM, all of them whole numbers. */
export const VM_LIMITS = {
  vcpus: [1, 4096],
  memoryMiB: [16, 2 ** 30],
  diskGiB: [1, 2 ** 20],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

/** The parts a profile is made of. Names are unique per kind. */
export interface SystemTemplate {
  readonly id: number;
  readonly name: string;
  readonly vcpus: number;
  readonly memory: MiB;
  readonly serial: boolean;
  readonly vnc: boolean;
  readonly vncBind: string | null;
  readonly nodeLimit: readonly NodeName[] | null;
  readonly nodeSelector: Selector | null;
  readonly nodeAutostart: boolean;
  readonly migrationMethod: string | null;
  readonly migrationMaxDowntimeMs: number | null;
}

export interface NetworkTemplate {
  readonly id: number;
  readonly name: string;
  /** With the holes {prefix}, {vmid}, {netid} (a hexadecimal digit each for the last two), or null for random addresses. */
  readonly macTemplate: string | null;
  /** In the order of the guest's Ethernet devices. */
  readonly nets: readonly { readonly id: number; readonly vni: Vni }[];
}

export interface StorageTemplateDisk {
  readonly id: number;
  readonly diskId: string;
  readonly pool: string;
  readonly size: MiB | null;
  readonly filesystem: string | null;
  readonly filesystemArgs: readonly string[];
  readonly mountpoint: string | null;
  /** Name of a volume of the same pool to clone instead of making a blank one. */
  readonly sourceVolume: string | null;
}

export interface StorageTemplate {
  readonly id: number;
  readonly name: string;
  /** Sorted by disk id. */
  readonly disks: readonly StorageTemplateDisk[];
}

/** A script or user-data: a text by name. */
export interface TextTemplate {
  readonly id: number;
  readonly name: string;
  readonly sha256: Sha256;
  readonly text: string;
}

export interface Profile {
  readonly id: number;
  readonly name: string;
  readonly type: 'provisioner' | 'ova';
  readonly systemTemplate: string;
  readonly networkTemplate: string | null;
  readonly storageTemplate: string | null;
  readonly userdata: string | null;
  readonly script: string | null;
  /** `name=value`; values may contain '='. */
  readonly arguments: readonly string[];
  readonly wait: WaitFor;
}

/** A text as it is kept: the byte order mark that some editors put in front is none of it, and Python takes no text with one. */
export const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

/** Splits `name=value` at its first '='; null if there is none or the name is no Python identifier. */
export function splitArgument(arg: string): { readonly name: string; readonly value: string } | null {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(arg);
  return match?.[1] === undefined ? null : { name: match[1], value: match[2] ?? '' };
}

/** Which functions a script defines at top level. */
export function scriptFunctions(text: string): { readonly install: boolean; readonly build: boolean } {
  const defines = (name: string): boolean => new RegExp(`^def\\s+${name}\\s*\\(`, 'm').test(text);
  return { install: defines('install'), build: defines('build') };
}
