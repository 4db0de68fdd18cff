import { baseDisks, clonedDisks } from '../../../domain/base-image.ts';
import { DomainError, exists, invalid, noCapacity } from '../../../domain/fault.ts';
import type { Guest } from '../../../domain/guest.ts';
import type { TaskId, VmId } from '../../../domain/ids.ts';
import type { Network, Nic } from '../../../domain/network.ts';
import type { HostFacts } from '../../../domain/node.ts';
import type { CreateVm } from '../../../domain/plan.ts';
import type { Principal } from '../../../domain/principal.ts';
import { scriptFunctions } from '../../../domain/profile.ts';
import { buildArguments } from '../../../domain/script.ts';
import { vmNameMistake } from '../../../domain/vm.ts';
import type { BaseRecipe } from '../../../store/base-image.ts';
import { findNode } from '../../../store/node.ts';
import type { Db } from '../../../store/open.ts';
import { findVmByName } from '../../../store/vm.ts';
import type { CoreSettings } from '../parts.ts';
import { baseKeyOf } from './base.ts';
import { type PlannedDisk, planDisk } from './disks.ts';
import { gather, type Ingredients } from './ingredients.ts';
import { planNics } from './nics.ts';
import { choose } from './place.ts';
import type { CreateRequest } from './request.ts';

export type Asked = Pick<CreateRequest, 'name' | 'profile' | 'args' | 'define' | 'start'>;

/** Everything decided about a creation; nothing of it is in the store yet. */
export interface Plan {
  readonly cmd: CreateVm;
  readonly ingredients: Ingredients;
  /** How the base image is made, if the disks are clones of one. */
  readonly recipe: BaseRecipe | null;
  /** What the guest will be told. */
  readonly guest: Guest;
  /** Of the node it goes to. */
  readonly facts: HostFacts;
}

interface Asking {
  readonly who: Principal;
  readonly asked: Asked;
  readonly ids: { readonly task: TaskId; readonly vm: VmId };
  readonly settings: CoreSettings;
  /** Whether a VM of this very name may be there already, which is not refused then: for a plan that nothing is made of. */
  readonly mayExist?: boolean;
}

/** VNC listens on the node alone unless its template says otherwise (pvc-facts.md §3.3). */
const VNC_ADDRESS = '127.0.0.1';

/** What is called `known` keeps another from being called `name`. */
const taken = (name: string, known: string): DomainError =>
  name === known
    ? exists('VM', known)
    : new DomainError({ kind: 'exists', what: 'VM', ref: known, because: 'names are compared without regard to case' });

/** Decides a creation by what the store holds now, or refuses it with the reason. Reads only. */
export async function planCreation(db: Db, { who, asked, ids, settings, mayExist = false }: Asking): Promise<Plan> {
  const { name } = asked;
  const mistake = vmNameMistake(name);
  if (mistake !== null) throw invalid('name', mistake);
  const ingredients = await gather(db, asked.profile, asked.args);
  const namesake = mayExist ? undefined : await findVmByName(db, name);
  if (namesake) throw taken(name, namesake.name);
  mustBeSeen(ingredients, asked);
  const { system, script, args, networks } = ingredients;
  const planned: PlannedDisk[] = [];
  for (const disk of ingredients.disks) planned.push(await planDisk(db, disk, { who, vm: ids.vm, name, mayExist }));
  const node = await findNode(db, await choose(db, name, system, planned));
  if (!node) throw noCapacity('The node chosen is not known any more.');
  const { macTemplate } = ingredients;
  const nics = await planNics(db, networks, { vm: ids.vm, name, macTemplate, mayExist });
  const own = planned.map(({ disk }) => disk);
  // Only what build() takes: another password makes no other image.
  const built = script === null ? {} : buildArguments(script.text, args);
  const base = baseKeyOf({ script, args: built, disks: own, arch: node.facts.arch });
  const cmd: CreateVm = {
    ...{ task: ids.task, vm: ids.vm, name, node: node.name, memory: system.memory, vcpus: system.vcpus },
    ...{ disks: clonedDisks(own, base), nics, serial: system.serial, base },
    vnc: system.vnc ? (system.vncBind ?? VNC_ADDRESS) : null,
    install: script !== null && scriptFunctions(script.text).install,
    seed: seedOf(ingredients, settings),
    define: asked.define,
    start: asked.define && asked.start,
    wait: ingredients.profile.wait,
    waitTimeoutMs: settings.waitTimeoutMs,
  };
  const recipe =
    base === null || script === null
      ? null
      : { key: base, scriptSha256: script.sha256, args: built, disks: baseDisks(own, base) };
  return { cmd, ingredients, recipe, guest: guestOf(cmd, ingredients), facts: node.facts };
}

/** That cloud-init has finished is read off the serial console. */
function mustBeSeen({ profile, system }: Ingredients, asked: Asked): void {
  if (profile.wait === 'cloud-init' && !system.serial && asked.define && asked.start)
    throw invalid('wait', `cloud-init is seen on a serial console, and system template '${system.name}' has none.`);
}

/** Where cloud-init finds its data: the metadata service, where the first managed network leads to it by DHCP. */
function seedOf({ networks, userdata }: Ingredients, settings: CoreSettings): CreateVm['seed'] {
  const managed = networks.find((network) => network.type === 'managed');
  if (settings.metadata && managed?.ip4?.dhcp) return 'metadata';
  return userdata === null ? 'none' : 'nocloud';
}

function guestOf(cmd: CreateVm, { profile, networks, userdata, args }: Ingredients): Guest {
  return {
    ...{ id: cmd.vm, name: cmd.name, node: cmd.node, profile: profile.name, args },
    userdata: userdata?.text ?? null,
    nics: cmd.nics.flatMap((nic, index) => {
      const network = networks[index];
      return network === undefined ? [] : [guestNic(nic, network)];
    }),
  };
}

const guestNic = ({ vni, mac, ip }: Nic, { ip4, nameServers, domain, mtu }: Network): Guest['nics'][number] => ({
  ...{ vni, mac, ip, nameServers, domain, mtu },
  network: ip4?.network ?? null,
  gateway: ip4?.gateway ?? null,
  dhcp: (ip4?.dhcp ?? null) !== null,
});
