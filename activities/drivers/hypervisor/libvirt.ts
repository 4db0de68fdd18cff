import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { conflict, DomainError, notFound, unavailable } from '../../../domain/fault.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { HostFacts } from '../../../domain/node.ts';
import type { DomainSpec } from '../../../domain/plan.ts';
import { absent } from '../absent.ts';
import type { Run } from '../run.ts';
import { writeWhole } from '../write-whole.ts';
import { probeAccel } from './accel.ts';
import { awaitLine, findLine } from './console.ts';
import { domainXml } from './domain-xml.ts';
import type { HypervisorDriver } from './driver.ts';
import { hostFacts, hostUsage } from './facts.ts';
import { libvirtDisks } from './libvirt-disks.ts';
import { libvirtShutdown } from './libvirt-shutdown.ts';
import { libvirtSnapshots } from './libvirt-snapshots.ts';
import { lifecycle } from './lifecycle.ts';
import { makePassable } from './passage.ts';
import { type Virsh, virsh } from './virsh.ts';

/** Resolves once what this guest writes is kept no more, until it starts anew; rejects with the signal's reason. */
export type ConsoleLost = (name: string, signal: AbortSignal) => Promise<unknown>;

export interface LibvirtSettings {
  /** As virsh takes it: `qemu:///system`, `qemu+unix:///system?socket=PATH`. */
  readonly uri: string;
  /** The node's own directory, readable for QEMU. */
  readonly dir: string;
  readonly run: Run;
  /** Set where QEMU runs as a user of its own: directories from here down to a guest's files let that user through. */
  readonly passableFrom?: string | undefined;
  /** Instead of the probe's answer. */
  readonly forceAccel?: 'kvm' | 'tcg';
  /** None where nobody can tell. */
  readonly consoleLost?: ConsoleLost | null;
  /** What the host can make filesystems of; none unless told. */
  readonly filesystems?: () => Promise<readonly string[]>;
}

/** Removed with the domain, whatever of it there is. */
const UNDEFINE_ALL = ['--managed-save', '--snapshots-metadata', '--checkpoints-metadata', '--nvram'] as const;

/** QEMU guests of one libvirt. */
export function libvirt(settings: LibvirtSettings): HypervisorDriver {
  const { uri, dir, run } = settings;
  const libvirtd = virsh(uri, run);
  const { attain, isOff, list } = libvirtd;
  const { until } = lifecycle(libvirtd);
  const letPass = (files: readonly string[]): Promise<void> => makePassable(settings.passableFrom, files);
  const xmlFile = (vm: VmId): string => join(dir, 'domains', `${vm}.xml`);
  const consolePath = (vm: VmId): string => join(dir, 'consoles', `${vm}.log`);
  const { attachDisk, detachDisk, mustBeThere } = libvirtDisks(libvirtd, {
    xmlFile: (vm, diskId) => `${xmlFile(vm)}.${diskId}`,
    letPass,
  });
  const stop = (vm: VmId) => attain(vm, ['destroy', vm], (domain) => domain?.running !== true);

  const facts = kept(() => findFacts(settings, libvirtd));

  return {
    traits: { liveMigration: true, boots: true, connects: true },
    facts,
    usage: async () => hostUsage(),
    define: async (spec) => {
      const xml = domainXml(spec, await facts(), consolePath(spec.vm));
      await mkdir(join(dir, 'consoles'), { recursive: true });
      await letPass(filesOf(spec));
      await writeWhole(xmlFile(spec.vm), xml);
      await defineFile(libvirtd, xmlFile(spec.vm), spec);
      return xml;
    },
    undefine: async (vm) => {
      await stop(vm);
      await attain(vm, ['undefine', vm, ...UNDEFINE_ALL], (domain) => domain === undefined);
      await removeAll(consolePath(vm));
      await removeAll(xmlFile(vm));
    },
    start: async (vm) => {
      await attain(vm, ['start', vm], (domain) => {
        if (domain === undefined) throw notFound('domain', vm);
        return domain.running;
      }).catch(async (failure: unknown) => {
        // virsh ends with 1 whatever went wrong.
        if (failure instanceof DomainError && failure.fault.kind === 'internal') await mustBeThere(vm);
        throw failure;
      });
    },
    stop,
    shutdown: libvirtShutdown(libvirtd, until),
    list,
    attachDisk,
    detachDisk,
    snapshots: libvirtSnapshots(libvirtd),
    consolePath,
    awaitConsole: async (vm, pattern, signal) => {
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const gone = until(() => isOff(vm), either).then(async () => {
        // What it wrote last may be what was waited for.
        const line = await findLine(consolePath(vm), pattern);
        if (line !== undefined) return line;
        throw unavailable(`The domain ${vm} stopped before its console showed what was waited for.`);
      });
      const lost = (async () => {
        if (!settings.consoleLost) return gone;
        const name = (await list()).find((domain) => domain.vm === vm)?.name;
        if (name === undefined) return gone;
        await settings.consoleLost(name, either);
        throw conflict(`What ${name} writes to its console is lost: the virtlogd that kept it was killed, or hung.`);
      })();
      try {
        return await Promise.race([awaitLine(consolePath(vm), pattern, either), gone, lost]);
      } finally {
        over.abort();
      }
    },
  };
}

/** Finds it out once; a libvirtd that starts later is found by the next call. */
function kept<T>(find: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= find().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/** What QEMU opens by its name; the rest is handed to it open. */
function filesOf({ disks, boot, seed }: DomainSpec): readonly string[] {
  const images = disks.flatMap(({ source }) => (source.type === 'file' ? [source.path] : []));
  return [...images, boot?.kernel, boot?.initrd, seed].filter((file) => typeof file === 'string');
}

/** A file, and what is named after it: what virtlogd moved aside of a log (`.0`, `.1` …), a disk's XML that a killed process left. */
async function removeAll(file: string): Promise<void> {
  const names = (await readdir(dirname(file)).catch(absent)) ?? [];
  const own = names.filter((name) => name === basename(file) || name.startsWith(`${basename(file)}.`));
  for (const name of own) await rm(join(dirname(file), name), { force: true });
}

async function defineFile(
  { call, list }: Virsh,
  file: string,
  spec: { readonly vm: VmId; readonly name: string },
): Promise<void> {
  try {
    await call(['define', file]);
  } catch (failure) {
    const inTheWay = (await list()).find(({ vm, name }) => (vm === spec.vm) !== (name === spec.name));
    if (inTheWay) throw conflict(`libvirt has the domain '${inTheWay.name}' with the id ${inTheWay.vm} already.`);
    throw failure;
  }
}

async function findFacts({ uri, dir, run, forceAccel, filesystems }: LibvirtSettings, { call }: Virsh) {
  const host = await hostFacts();
  if (host.arch !== 'x86_64') throw unavailable(`Guests are made for x86_64, and this host is ${host.arch}.`);
  const emulator = await findEmulator(uri, call);
  await mkdir(dir, { recursive: true });
  const accel = forceAccel ?? (await probeAccel(dir, run, emulator, host.kernel));
  return { ...host, emulator, accel, filesystems: (await filesystems?.()) ?? [] } satisfies HostFacts;
}

async function findEmulator(uri: string, call: Virsh['call']): Promise<string> {
  const asked = ['domcapabilities', '--virttype', 'qemu', '--arch', 'x86_64', '--machine', 'q35'];
  const { stdout } = await call(asked, { timeoutMs: 60_000 }).catch((cause: unknown) => {
    if (!(cause instanceof DomainError)) throw cause;
    throw unavailable(
      `libvirt does not answer at ${uri}: start it with 'systemctl start libvirtd' or scripts/host/libvirtd.sh (${cause.message})`,
      cause,
    );
  });
  const path = /<path>([^<]+)<\/path>/.exec(stdout)?.[1];
  if (path === undefined)
    throw unavailable(`libvirt at ${uri} knows no emulator for x86_64: is qemu-system-x86 installed?`);
  return path;
}
