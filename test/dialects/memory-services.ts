import type { NodeDetail } from '../../api/core/node.ts';
import type { ProfileDocument } from '../../api/core/profile.ts';
import type { CreateRequest } from '../../api/core/provisioner.ts';
import type { Services } from '../../api/core/services.ts';
import type { VmDetail } from '../../api/core/vm.ts';
import { conflict, type DomainError, exists, invalid, notFound } from '../../domain/fault.ts';
import type { Mac, NodeName, Sha256, TaskId, VmId, Vni, VolumeId } from '../../domain/ids.ts';
import type { Network } from '../../domain/network.ts';
import { DEFAULT_TENANT } from '../../domain/principal.ts';
import type { NetworkTemplate, Profile, StorageTemplate, SystemTemplate, TextTemplate } from '../../domain/profile.ts';
import { splitArgument } from '../../domain/profile.ts';
import { TASK_FINAL, type Task, type TaskKind } from '../../domain/task.ts';
import { gibToMib, mib } from '../../domain/units.ts';
import { decide } from '../../domain/vm.ts';

export const TOKEN = 'test-token-admin';
const START = Date.UTC(2026, 0, 1);

/** Things by name, with the core's promises for them. */
function shelf<T extends { readonly name: string }>(what: string) {
  const things = new Map<string, T>();
  return {
    things,
    list: async (limit?: string): Promise<readonly T[]> =>
      [...things.values()].filter(({ name }) => matches(name, limit)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    get: (name: string): T => {
      const found = things.get(name);
      if (found === undefined) throw notFound(what, name);
      return found;
    },
    add: (thing: T): void => {
      if (things.has(thing.name)) throw exists(what, thing.name);
      things.set(thing.name, thing);
    },
    change: (name: string, change: Partial<T>): void => {
      const found = things.get(name);
      if (found === undefined) throw notFound(what, name);
      things.set(name, { ...found, ...change });
    },
    remove: (name: string): void => {
      if (!things.delete(name)) throw notFound(what, name);
    },
  };
}

const matches = (name: string, limit: string | undefined): boolean =>
  limit === undefined ||
  (limit.startsWith('^')
    ? name.startsWith(limit.slice(1))
    : limit.endsWith('$')
      ? name.endsWith(limit.slice(0, -1))
      : name.includes(limit));

export interface Memory {
  readonly services: Services;
  readonly tasks: Map<string, Task>;
  /** Requests that provisioner.create saw. */
  readonly created: CreateRequest[];
  readonly vms: Map<string, VmDetail>;
  /** What the next creation fails of. */
  failNext: DomainError | Error | null;
}

/** The core's promises kept in memory, so that the dialect's translation is tested alone and fast. */
export function memoryServices(): Memory {
  let ids = 0;
  const id = (): number => ++ids;
  const system = shelf<SystemTemplate>('system template');
  const network = shelf<NetworkTemplate>('network template');
  const storage = shelf<StorageTemplate>('storage template');
  const texts = { userdata: shelf<TextTemplate>('userdata'), script: shelf<TextTemplate>('script') };
  const profiles = shelf<Profile>('profile');
  const networks = new Map<number, Network>();
  const vms = new Map<string, VmDetail>();
  const tasks = new Map<string, Task>();
  const keys = new Map<string, Task>();
  const tokens = new Map([['0', { id: '0', description: 'admin', token: TOKEN, createdAt: START }]]);
  const sessions = new Map<string, string>();
  const created: CreateRequest[] = [];

  const unused = (field: keyof Profile, name: string): void => {
    const users = [...profiles.things.values()]
      .filter((profile) => profile[field] === name)
      .map((profile) => profile.name);
    if (users.length > 0) throw conflict(`'${name}' is in use by the profiles ${users.join(', ')}.`);
  };
  const newTask = (kind: TaskKind, target: string): Task => {
    const made: Task = {
      id: `00000000-0000-4000-8000-${String(id()).padStart(12, '0')}` as TaskId,
      kind,
      target,
      state: 'PENDING',
      tenant: DEFAULT_TENANT,
      runOn: 'hv1',
      current: 0,
      total: 0,
      status: 'Accepted',
      error: null,
      cancelRequested: false,
      createdAt: START,
      startedAt: null,
      finishedAt: null,
    };
    tasks.set(made.id, made);
    return made;
  };
  const task = (ref: string): Task => {
    const found = tasks.get(ref);
    if (found === undefined) throw notFound('task', ref);
    return found;
  };
  const vm = (ref: string): VmDetail => {
    const found = vms.get(ref) ?? [...vms.values()].find((one) => one.id === ref);
    if (found === undefined) throw notFound('VM', ref);
    return found;
  };
  const net = (ref: string): Network => {
    const found = networks.get(Number(ref)) ?? [...networks.values()].find((one) => one.description === ref);
    if (found === undefined) throw notFound('network', ref);
    return found;
  };
  const checked = (profile: Omit<Profile, 'id'>): Omit<Profile, 'id'> => {
    const parts = [
      ['system_template', system, profile.systemTemplate],
      ['network_template', network, profile.networkTemplate],
      ['storage_template', storage, profile.storageTemplate],
      ['userdata', texts.userdata, profile.userdata],
      ['script', texts.script, profile.script],
    ] as const;
    for (const [field, of, name] of parts)
      if (name !== null && !of.things.has(name)) throw invalid(field, `there is no '${name}'.`);
    for (const arg of profile.arguments)
      if (splitArgument(arg) === null) throw invalid('arg', `'${arg}' is not name=value.`);
    return profile;
  };
  const text = (name: string, words: string): TextTemplate => ({
    id: id(),
    name,
    sha256: 'x' as Sha256,
    text: words,
  });

  const memory: Memory = {
    tasks,
    created,
    vms,
    failNext: null,
    services: {
      templates: {
        listSystem: (_who, limit) => system.list(limit),
        getSystem: async (_who, name) => system.get(name),
        createSystem: async (_who, template) => system.add({ ...template, id: id() }),
        updateSystem: async (_who, name, change) => system.change(name, change),
        removeSystem: async (_who, name) => {
          unused('systemTemplate', name);
          system.remove(name);
        },
        listNetwork: (_who, limit) => network.list(limit),
        getNetwork: async (_who, name) => network.get(name),
        createNetwork: async (_who, name, macTemplate) => network.add({ id: id(), name, macTemplate, nets: [] }),
        updateNetwork: async (_who, name, macTemplate) => network.change(name, { macTemplate }),
        removeNetwork: async (_who, name) => {
          unused('networkTemplate', name);
          network.remove(name);
        },
        addNet: async (_who, name, vni, twice) => {
          const { nets } = network.get(name);
          if (!networks.has(vni)) throw invalid('vni', `there is no network ${vni}.`);
          if (!twice && nets.some((one) => one.vni === vni)) throw exists('network in the template', `${vni}`);
          network.change(name, { nets: [...nets, { id: id(), vni }] });
        },
        removeNet: async (_who, name, vni) => {
          const { nets } = network.get(name);
          if (!nets.some((one) => one.vni === vni)) throw notFound('network in the template', `${vni}`);
          network.change(name, { nets: nets.filter((one) => one.vni !== vni) });
        },
        listStorage: (_who, limit) => storage.list(limit),
        getStorage: async (_who, name) => storage.get(name),
        createStorage: async (_who, name) => storage.add({ id: id(), name, disks: [] }),
        removeStorage: async (_who, name) => {
          unused('storageTemplate', name);
          storage.remove(name);
        },
        addDisk: async (_who, name, disk) => {
          const { disks } = storage.get(name);
          if (disk.mountpoint !== null && disk.filesystem === null) throw invalid('mountpoint', 'needs a filesystem.');
          if (disk.size === null && disk.sourceVolume === null)
            throw invalid('disk_size', 'is required without a source_volume.');
          if (disks.some((one) => one.diskId === disk.diskId)) throw exists('disk', disk.diskId);
          storage.change(name, {
            disks: [...disks, { ...disk, id: id() }].sort((a, b) => (a.diskId < b.diskId ? -1 : 1)),
          });
        },
        removeDisk: async (_who, name, diskId) => {
          const { disks } = storage.get(name);
          if (!disks.some((one) => one.diskId === diskId)) throw notFound('disk', diskId);
          storage.change(name, { disks: disks.filter((one) => one.diskId !== diskId) });
        },
        listText: (_who, kind, limit) => texts[kind].list(limit),
        getText: async (_who, kind, name) => texts[kind].get(name),
        createText: async (_who, kind, name, words) => texts[kind].add(text(name, words)),
        updateText: async (_who, kind, name, words) => texts[kind].change(name, { text: words }),
        removeText: async (_who, kind, name) => {
          unused(kind, name);
          texts[kind].remove(name);
        },
      },
      profiles: {
        list: (_who, limit) => profiles.list(limit),
        get: async (_who, name) => profiles.get(name),
        create: async (_who, profile) => profiles.add({ ...checked(profile), id: id() }),
        update: async (_who, name, change) => {
          checked({ ...profiles.get(name), ...change });
          profiles.change(name, change);
        },
        remove: async (_who, name) => profiles.remove(name),
        apply: async (_who, document) => {
          documents.set(document.name, document);
        },
        export: async (_who, name) => {
          const found = documents.get(name);
          if (found === undefined) throw notFound('profile', name);
          return found;
        },
      },
      provisioner: {
        create: async (_who, request) => {
          const { failNext } = memory;
          memory.failNext = null;
          if (failNext !== null) throw failNext;
          const known = request.idempotencyKey === null ? undefined : keys.get(request.idempotencyKey);
          if (known !== undefined) return known;
          profiles.get(request.profile);
          if (vms.has(request.name)) throw exists('VM', request.name);
          created.push(request);
          const made = newTask('provisioner.create', request.name);
          vms.set(request.name, exampleVm(request.name, request.profile, id()));
          if (request.idempotencyKey !== null) keys.set(request.idempotencyKey, made);
          return made;
        },
        render: async (_who, { name, profile, args }) => {
          profiles.get(profile);
          return {
            xml: `<domain><name>${name}</name></domain>`,
            userData: args.join('\n'),
            metaData: '{}',
            networkConfig: null,
            node: 'hv1',
            nics: [{ vni: 100, mac: '52:54:01:00:00:01', ip: '10.0.0.2' }],
            disks: [{ name: `${name}_sda`, pool: 'vms', sizeMiB: 4096, filesystem: 'ext4' }],
            commands: ['mkfs.ext4'],
          };
        },
      },
      vms: {
        list: async (_who, filter = {}) =>
          [...vms.values()].filter(
            (one) =>
              matches(one.name, filter.limit) &&
              (filter.node === undefined || one.node === filter.node) &&
              (filter.state === undefined || filter.state.includes(one.state)),
          ),
        get: async (_who, ref) => vm(ref),
        act: async (_who, ref, action) => {
          const { name, state } = vm(ref);
          return decide(action, state) === 'go' ? newTask(`vm.${action}`, name) : null;
        },
        remove: async (_who, ref, deleteDisks) => {
          const { name } = vm(ref);
          vms.delete(name);
          return newTask('vm.delete', `${name}${deleteDisks ? ' with disks' : ''}`);
        },
        console: async (_who, ref, lines) => `${vm(ref).name}: last ${lines}\n`,
      },
      tasks: {
        list: async (_who, { active, limit }) =>
          [...tasks.values()]
            .reverse()
            .filter(({ state }) => !active || !TASK_FINAL.includes(state))
            .slice(0, limit),
        get: async (_who, ref) => task(ref),
        cancel: async (_who, ref) => {
          const found = task(ref);
          if (TASK_FINAL.includes(found.state)) return found;
          tasks.set(ref, { ...found, cancelRequested: true });
          return task(ref);
        },
        log: async (_who, ref) => {
          task(ref);
          return [1, 2].map((seq) => ({ seq, line: { at: START, step: 'install', text: `line ${seq}` } }));
        },
        async *events(_who, ref, afterSeq) {
          yield { type: 'task', task: task(ref) };
          for (const seq of [1, 2, 3])
            if (seq > afterSeq)
              yield { type: 'log', seq, line: { at: START, step: 'install', text: `line ${seq}\nof two` } };
          yield { type: 'task', task: { ...task(ref), state: 'SUCCESS', current: 3, total: 3, status: 'Done' } };
        },
        ended: async (_who, ref) => {
          const found = task(ref);
          return found.target === 'broken'
            ? { ...found, state: 'FAILURE', error: 'The domain would not start.' }
            : { ...found, state: 'SUCCESS' };
        },
      },
      networks: {
        list: async (_who, limit) => [...networks.values()].filter(({ description }) => matches(description, limit)),
        get: async (_who, ref) => net(ref),
        create: async (_who, made) => {
          if (networks.has(made.vni)) throw exists('network', `${made.vni}`);
          networks.set(made.vni, made);
        },
        remove: async (_who, ref) => void networks.delete(net(ref).vni),
      },
      nodes: {
        list: async (_who, limit) =>
          [exampleNode('hv1', 'run'), exampleNode('hv2', 'dead')].filter(({ name }) => matches(name, limit)),
        get: async (_who, name) => {
          if (name !== 'hv1') throw notFound('node', name);
          return exampleNode(name, 'run');
        },
      },
      tokens: {
        authenticate: async (token) =>
          [...tokens.values()].some((one) => one.token === token)
            ? { account: 'admin', tenant: DEFAULT_TENANT, role: 'admin' }
            : null,
        create: async (_who, { description, role, tenant }) => {
          const made = { id: `${id()}`, description, token: `secret-${description}`, createdAt: START };
          tokens.set(made.id, made);
          return { ...made, role, tenant };
        },
        list: async () =>
          [...tokens.values()].map(({ id: own, description, createdAt }) => ({
            id: own,
            description,
            role: 'admin',
            tenant: DEFAULT_TENANT,
            createdAt,
          })),
        remove: async (_who, ref) => {
          if (!tokens.delete(ref)) throw notFound('token', ref);
        },
        login: async (token) => {
          if (![...tokens.values()].some((one) => one.token === token)) return null;
          sessions.set(`session-of-${token}`, token);
          return `session-of-${token}`;
        },
        session: async (session) =>
          sessions.has(session) ? { account: 'admin', tenant: DEFAULT_TENANT, role: 'admin' } : null,
        logout: async (session) => void sessions.delete(session),
      },
    },
  };
  const documents = new Map<string, ProfileDocument>();
  return memory;
}

const exampleNode = (name: string, daemonState: 'run' | 'dead'): NodeDetail => ({
  name: name as NodeName,
  driver: 'sim',
  daemonState,
  coordinatorState: 'client',
  domainState: 'ready',
  facts: {
    arch: 'x86_64',
    kernel: '6.1.0',
    os: 'Debian 12',
    cpus: 8,
    memory: mib(16384),
    accel: 'sim',
    emulator: '/usr/bin/sim',
    filesystems: ['ext4'],
  },
  load: 0.25,
  memoryUsed: 2048.5,
  memoryFree: 14335.5,
  seenAt: START,
  vcpusAllocated: 2,
  memoryAllocated: 1024,
  memoryProvisioned: 2048,
  runningDomains: [{ id: 'u1', name: 'web1' }],
  domainsCount: 1,
});

/** A running VM with everything that a VM can show. */
export const exampleVm = (name: string, profile: string | null, number: number): VmDetail => ({
  id: `10000000-0000-4000-8000-${String(number).padStart(12, '0')}` as VmId,
  name,
  tenant: DEFAULT_TENANT,
  state: 'running',
  node: 'hv1' as NodeName,
  lastNode: null,
  failedReason: null,
  profile,
  description: '',
  memory: gibToMib(1),
  vcpus: 2,
  nodeLimit: ['hv1' as NodeName],
  selector: 'mem',
  autostart: false,
  migrationMethod: null,
  serial: true,
  vnc: '127.0.0.1',
  defined: true,
  createdAt: START,
  xml: `<domain type='qemu'><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><features><acpi/><apic/></features><devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='usb' index='0' model='none'/><controller type="scsi" index="0" model="virtio-scsi"/>
<console type='pty'/><graphics type='vnc' port='5901' autoport='yes' listen='127.0.0.1'/></devices></domain>`,
  disks: [
    {
      volume: `${name}_sda-1` as VolumeId,
      name: `${name}_sda`,
      pool: 'vms',
      diskId: 'sda',
      size: gibToMib(4),
      fill: { kind: 'blank' },
      filesystem: 'ext4',
      filesystemArgs: [],
      mountpoint: '/',
    },
  ],
  nics: [
    { vm: 'x' as VmId, index: 0, vni: 100 as Vni, mac: '52:54:01:00:00:01' as Mac, ip: '10.0.0.2', hostname: name },
  ],
});
