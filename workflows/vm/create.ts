import { clonedDisks } from '../../domain/base-image.ts';
import type { BaseKey } from '../../domain/ids.ts';
import type { CreateVm } from '../../domain/plan.ts';
import type { Disk } from '../../domain/volume.ts';
import { awaitBase, leaveBase } from '../image/await.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { type Step, type Stuck, saga } from '../lib/saga.ts';
import { asTask } from '../lib/task.ts';
import { awaitTurn, passTurn, thenPassTurn } from './turn.ts';

/** Leaves the VM as far as was asked (installed, defined, started, waited for), or leaves nothing behind. */
export async function createVm(cmd: CreateVm): Promise<void> {
  const { vm, name } = cmd;
  const { host, waiting, cleanup } = onNode(cmd.node);
  const total = countSteps(cmd);
  let xml: string | null = null;
  let begun: Awaited<ReturnType<typeof control.beginCreation>> = 'go';
  const spec = {
    task: cmd.task,
    total,
    done: starts(cmd) ? `${name} runs` : `${name} is ready`,
    begin: async () => {
      begun = await control.beginCreation(cmd, total);
    },
    giveBack: () => control.release(vm),
    made: () => ({ vm, state: starts(cmd) ? 'running' : 'stopped', xml }) as const,
  };

  await thenPassTurn(cmd, () =>
    asTask(spec, () =>
      saga(async (step) => {
        await step(
          'reserve',
          // Made with the request; this task has begun by making sure of it.
          async () => begun === 'wait' && (await awaitTurn(cmd)),
          (stuck) => release(cmd, stuck),
        );
        const claimed = begun === 'clone';
        if (cmd.define) xml = await define(cmd, claimed, step);
        else await makeDisks(cmd, claimed, step);
        if (starts(cmd))
          await step(
            'start',
            () => host.startDomain(vm),
            () => cleanup.stopDomain(vm),
          );
        if (awaitsGuest(cmd))
          await step('wait for cloud-init', async () => {
            // A guest takes its time: its domain is shown meanwhile.
            if (xml !== null) await control.recordDefined(vm, xml);
            await passTurn(cmd);
            await waiting(cmd.waitTimeoutMs).awaitGuest({ vm, name });
          });
      }),
    ),
  );
}

const starts = (cmd: CreateVm): boolean => cmd.define && cmd.start;
// A domain that was started runs: waiting for 'running' is no step of its own.
const awaitsGuest = (cmd: CreateVm): boolean => starts(cmd) && cmd.wait === 'cloud-init';

/** Everything that a domain is made of, and the domain; returns its XML. A network is not looked at before a guest starts. */
async function define(cmd: CreateVm, claimed: boolean, step: Step): Promise<string> {
  const { host, cleanup } = onNode(cmd.node);
  const domain = async (): Promise<string> => {
    await together(
      () => makeDisks(cmd, claimed, step),
      () => seed(cmd, step),
    );
    return step(
      'define',
      () => host.defineDomain(cmd),
      () => cleanup.undefineDomain(cmd.vm),
    );
  };
  const [xml] = await Promise.all([domain(), connect(cmd, step)]);
  return xml;
}

/** Volumes, filesystems and what the script installs; the base image may be claimed already. Removing a volume undoes what was put on it. */
async function makeDisks(cmd: CreateVm, claimed: boolean, step: Step): Promise<void> {
  const { long, cleanup } = onNode(cmd.node);
  const { base, vm } = cmd;
  if (base)
    await step(
      'base image',
      async () => claimed || (await awaitBase(cmd, base)),
      async () => claimed || (await leaveBase(cmd, base)),
    );

  const disks = clonedDisks(cmd.disks, base);
  await together(
    ...disks.map((disk) => async () => {
      await step(
        `volume ${disk.diskId}`,
        () => long.ensureVolume(disk),
        () => cleanup.removeVolume(disk),
      );
      if (isFormatted(disk)) await step(`format ${disk.diskId}`, () => long.formatVolume(disk));
    }),
    ...(base ? [() => bootFilesOf(cmd, base, step)] : []),
  );
  if (cmd.install)
    await step(
      'install',
      () => long.install({ task: cmd.task, vm, disks }),
      () => cleanup.removeBootFiles(vm),
    );
}

const bootFilesOf = ({ vm, node }: CreateVm, base: BaseKey, step: Step): Promise<void> =>
  step(
    'boot files',
    () => onNode(node).host.copyBootFiles({ vm, base }),
    () => onNode(node).cleanup.removeBootFiles(vm),
  );

const connect = (cmd: CreateVm, step: Step): Promise<void> =>
  step(
    'network',
    () => onNode(cmd.node).host.ensureNics(cmd.nics),
    () => onNode(cmd.node).cleanup.removeLeases(cmd.nics),
  );

async function seed(cmd: CreateVm, step: Step): Promise<void> {
  if (cmd.seed !== 'nocloud') return;
  const { host, cleanup } = onNode(cmd.node);
  await step(
    'seed',
    () => host.writeSeed(cmd.vm),
    () => cleanup.removeSeed(cmd.vm),
  );
}

/** A VM of which something is left keeps its name and its reservations, and says why. */
const release = (cmd: CreateVm, stuck: Stuck): Promise<void> =>
  stuck.length === 0
    ? control.release(cmd.vm)
    : control.recordVm(cmd.vm, 'failed', `Creation failed and could not be undone: ${stuck.join('; ')}`);

/** A clone has its source's filesystem. */
const isFormatted = (disk: Disk): boolean => disk.filesystem !== null && disk.fill.kind === 'blank';

/** How many steps there will be. */
export function countSteps(cmd: CreateVm): number {
  const disks = clonedDisks(cmd.disks, cmd.base);
  const formatted = disks.filter(isFormatted).length;
  const optional = [
    cmd.base !== null, // base image
    cmd.base !== null, // boot files
    cmd.install,
    cmd.define, // network
    cmd.define && cmd.seed === 'nocloud',
    cmd.define,
    starts(cmd),
    awaitsGuest(cmd),
  ];
  return 1 + disks.length + formatted + optional.filter(Boolean).length;
}

/** Runs branches at the same time; the saga cancels the others when one fails. */
async function together(...branches: readonly (() => Promise<unknown>)[]): Promise<void> {
  await Promise.all(branches.map((branch) => branch()));
}
