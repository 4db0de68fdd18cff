import { notFound } from '../../../domain/fault.ts';
import type { SnapshotState } from '../../../domain/snapshot.ts';
import { gibToMib } from '../../../domain/units.ts';
import type { Services } from '../../core/services.ts';
import type { EntryDetail } from '../../core/vm-pool/entry.ts';
import type { Route } from '../../http/route.ts';
import { optional, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { keyed, Ok, ok } from './answer.ts';
import { holderOf } from './asker.ts';
import { hostname, shortName } from './name.ts';
import { at, TOKEN } from './route.ts';

const Asked = { 202: { description: 'It will be done.', schema: Ok } };
const Snapshot = z.object({ hostname, snapshot: word('Id of the snapshot, or its name.') });

const tag = 'snapshots and disks';

/** Moments of VMs to come back to, and disks that are added to them. */
export const snapshotRoutes = ({ poolVms, accounts }: Pick<Services, 'poolVms' | 'accounts'>): readonly Route[] => [
  at(
    'post',
    '/vm/:hostname/snapshot',
    {
      ...{ tag, auth: TOKEN, summary: 'Keep a moment of a VM' },
      description: 'The VM shows it as pending at first.',
      values: z.object({ hostname, name: optional(word('Another name for it.')) }),
      responses: keyed('It will be made.', z.object({ snapshot: z.string() }), 202),
    },
    async (context) => {
      const { hostname: host, name } = context.values;
      const who = await holderOf(accounts, context);
      const { id } = await poolVms.snapshot(who, shortName(host), name ?? null);
      return ok({ [host]: { snapshot: id } }, 202);
    },
  ),
  at(
    'post',
    '/vm/:hostname/snapshot/:snapshot',
    { tag, auth: TOKEN, summary: 'Take a VM back to a moment', values: Snapshot, responses: Asked },
    async (context) => {
      const { hostname: host, snapshot } = context.values;
      await poolVms.revert(await holderOf(accounts, context), shortName(host), snapshot);
      return ok({}, 202);
    },
  ),
  at(
    'delete',
    '/vm/:hostname/snapshot/:snapshot',
    { tag, auth: TOKEN, summary: 'Remove a snapshot', values: Snapshot, responses: Asked },
    async (context) => {
      const { hostname: host, snapshot } = context.values;
      await poolVms.removeSnapshot(await holderOf(accounts, context), shortName(host), snapshot);
      return ok({}, 202);
    },
  ),
  at(
    'post',
    '/vm/:hostname/disk/:size',
    {
      ...{ tag, auth: TOKEN, summary: 'Add a disk to a VM' },
      values: z.object({ hostname, size: word('GB, a whole number.') }),
      responses: keyed('It will be added.', z.object({ disk: z.string() }), 202),
    },
    async (context) => {
      const { hostname: host, size } = context.values;
      const who = await holderOf(accounts, context);
      // vmpooler has no such path for what is no size.
      if (!/^[1-9]\d{0,8}$/.test(size)) throw notFound('size of a disk', size);
      await poolVms.addDisk(who, shortName(host), gibToMib(Number(size)));
      return ok({ [host]: { disk: diskText(Number(size)) } }, 202);
    },
  ),
];

export const diskText = (gib: number): string => `+${gib}gb`;

/** Snapshots as they are shown with their VM: vmpooler's key has those that are ready only. */
export function snapshotsOf({ snapshots }: Pick<EntryDetail, 'snapshots'>): Readonly<Record<string, unknown>> {
  const ids = (state: SnapshotState): string[] => snapshots.filter((one) => one.state === state).map(({ id }) => id);
  const [ready, pending, removing] = [ids('ready'), ids('pending'), ids('removing')];
  const failed = snapshots.flatMap((one) => (one.state === 'failed' ? [[one.id, one.failedReason ?? '']] : []));
  const named = snapshots.flatMap((one) => (one.name === null ? [] : [[one.id, one.name]]));
  return {
    ...(ready.length === 0 ? {} : { snapshots: ready }),
    ...(pending.length === 0 ? {} : { snapshots_pending: pending }),
    ...(removing.length === 0 ? {} : { snapshots_removing: removing }),
    ...(failed.length === 0 ? {} : { snapshots_failed: Object.fromEntries(failed) }),
    ...(named.length === 0 ? {} : { snapshot_names: Object.fromEntries(named) }),
  };
}
