import { invalid, notFound } from '../../../domain/fault.ts';
import type { PoolSettings } from '../../../domain/vm-pool.ts';
import type { Services } from '../../core/services.ts';
import type { Asked, Given } from '../../core/vm-pool/take.ts';
import type { Reply } from '../../http/reply.ts';
import type { Context, Route } from '../../http/route.ts';
import { word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { givesFullNames, keyed, objectOf, ok } from './answer.ts';
import { borrowerOf } from './asker.ts';
import { fullName, splitNames } from './name.ts';
import { at, MAYBE_TOKEN } from './route.ts';

const Hostnames = z.object({ hostname: z.union([z.string(), z.array(z.string())]) });
const Counts = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .openapi({ example: { 'debian-7-i386': '2', 'debian-7-x86_64': '1' } });

const wait = z.string().optional().openapi({
  description: 'Seconds to wait, first come first served, until all of them are ready; 0 without.',
  example: '30',
});

const tag = 'VMs';
const description =
  'All of them or none: 503 if not all are ready. Keys of the answer are the names asked for; one VM is a text, several are a list.';

/** Taking VMs out of pools, by the names of pools and aliases. */
export function checkoutRoutes({
  pools,
  checkouts,
  accounts,
}: Pick<Services, 'pools' | 'checkouts' | 'accounts'>): readonly Route[] {
  const take = async (context: Context<{ wait?: string | undefined }>, asked: readonly Asked[]): Promise<Reply> => {
    const who = await borrowerOf(accounts, context);
    const waitMs = secondsOf(context.values.wait) * 1_000;
    const options = {
      waitMs,
      // Made where it is asked for: most who do not wait are answered before.
      get signal() {
        return context.signal;
      },
      get gone() {
        return context.gone;
      },
    };
    const given = await checkouts.take(who, asked, options);
    return ok(checkedOut(context, given, await pools.settings()));
  };
  const responses = keyed('The VMs.', Hostnames);
  return [
    at(
      'post',
      '/vm',
      {
        tag,
        description,
        auth: MAYBE_TOKEN,
        summary: 'Check VMs out',
        document: Counts,
        values: z.object({ wait }),
        responses,
      },
      async (context) => take(context, countsIn(context)),
    ),
    at(
      'post',
      '/vm/:pools',
      {
        ...{ tag, description, auth: MAYBE_TOKEN, summary: 'Check VMs out of one pool, or of several' },
        values: z.object({ pools: word('Names, with a plus between them: one VM for each.'), wait }),
        responses,
      },
      async (context) => take(context, countsOf(splitNames(context.values.pools))),
    ),
  ];
}

/** Names and counts of a body; 'not-found' for one that is null, as with vmpooler. */
export function countsIn(context: Pick<Context<unknown>, 'text' | 'header'>): readonly Asked[] {
  const document = objectOf(context);
  if (document === undefined) throw notFound('VM pool', 'null');
  return Object.entries(document).map(([name, count]) => ({ name, count: countOf(count) }));
}

/** One VM for each time that a name stands there, in the order of their first. */
export function countsOf(names: readonly string[]): readonly Asked[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count }));
}

/** NaN, which the core refuses, for what is no number. */
export const countOf = (value: unknown): number =>
  typeof value === 'number' || (typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value))
    ? Number(value)
    : Number.NaN;

function secondsOf(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text)) throw invalid('wait', 'must be a number of seconds below 1,000,000.');
  return Number(text);
}

function checkedOut(
  context: Pick<Context<unknown>, 'mount'>,
  given: readonly Given[],
  { domain }: PoolSettings,
): Readonly<Record<string, unknown>> {
  const full = givesFullNames(context);
  const answer = given.map(({ name, vms }) => {
    const names = full ? vms.map((vm) => fullName(vm, domain)) : vms;
    return [name, { hostname: names.length === 1 ? names[0] : names }] as const;
  });
  return { ...Object.fromEntries(answer), ...(full || domain === null ? {} : { domain }) };
}
