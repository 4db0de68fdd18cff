import { DomainError, type Fault, faultMessage, notFound } from '../../../domain/fault.ts';
import type { Services } from '../../core/services.ts';
import type { RequestDetail } from '../../core/vm-pool/request.ts';
import type { Asked } from '../../core/vm-pool/take.ts';
import type { Reply } from '../../http/reply.ts';
import type { Context, Route } from '../../http/route.ts';
import { word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { givesFullNames, keyed, notOk, Ok, objectOf, ok } from './answer.ts';
import { holderOf } from './asker.ts';
import { countOf, countsOf } from './checkout.ts';
import { fullName, splitNames } from './name.ts';
import { at, TOKEN } from './route.ts';

const Accepted = Ok.extend({ request_id: z.string(), domain: z.string().optional() }).openapi('Request');
const Wanted = z
  .object({ request_id: z.string().optional() })
  .catchall(z.union([z.string(), z.number()]))
  .openapi({ example: { 'debian-7-i386': '3', request_id: 'e3ff6271-d201-4f31-a315-d17f4e15863a' } });
const Counts = z.union([
  z.object({ ready: z.string(), pending: z.string() }),
  z.object({ hostname: z.array(z.string()) }),
]);
const One = z.object({ id: word('Id of the request.') });

const tag = 'on demand';
type OnDemand = Pick<Services, 'pools' | 'poolRequests' | 'accounts'>;

/** VMs that are made when they are asked for. */
export const ondemandRoutes = (services: OnDemand): readonly Route[] => [
  at(
    'post',
    '/ondemandvm',
    {
      tag,
      auth: TOKEN,
      summary: 'Ask for VMs',
      document: Wanted,
      responses: { 201: { description: 'Begun.', schema: Accepted } },
    },
    (context) =>
      create(services, context, () => {
        const document = objectOf(context);
        if (document === undefined) throw notFound('VM pool', 'null');
        const { request_id: id, ...counts } = document;
        return { id, asked: Object.entries(counts).map(([name, count]) => ({ name, count: countOf(count) })) };
      }),
  ),
  at(
    'post',
    '/ondemandvm/:pools',
    {
      ...{ tag, auth: TOKEN, summary: 'Ask for a VM of one pool, or of several' },
      values: z.object({ pools: word('Names, with a plus between them: one VM for each.') }),
      responses: { 201: { description: 'Begun.', schema: Accepted } },
    },
    (context) =>
      create(services, context, () => ({ id: undefined, asked: countsOf(splitNames(context.values.pools)) })),
  ),
  at(
    'get',
    '/ondemandvm/:id',
    {
      ...{ tag, summary: 'Ask how far a request is', values: One },
      responses: {
        ...keyed('All are ready, or the request is over.', Counts),
        ...keyed('Not all are ready.', Counts, 202),
      },
    },
    async (context) => {
      const { id } = context.values;
      const found = await known(id, () => services.poolRequests.get(id));
      return 'status' in found ? found : progress(context, found, (await services.pools.settings()).domain);
    },
  ),
  at(
    'delete',
    '/ondemandvm/:id',
    {
      ...{ tag, auth: TOKEN, summary: 'Give a request up, and its VMs back', values: One },
      responses: { 200: { description: 'Done.', schema: Ok.extend({ message: z.string().optional() }) } },
    },
    async (context) => {
      const { id } = context.values;
      const who = await holderOf(services.accounts, context);
      const removed = await known(id, () => services.poolRequests.remove(who, id));
      if ('status' in removed) return removed;
      return ok(removed.already ? { message: 'The request has already been deleted' } : {});
    },
  ),
];

/** 404 with vmpooler's words for a request that there is not. */
async function known<T extends object>(id: string, work: () => Promise<T>): Promise<T | Reply> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.fault.kind !== 'not-found') throw error;
    return saying(404, `no request found for request_id '${id}'`);
  }
}

const saying = (status: number, message: string, more: Readonly<Record<string, unknown>> = {}): Reply =>
  notOk(status, message, { ...more, message });

interface Wish {
  readonly id: unknown;
  readonly asked: readonly Asked[];
}

async function create(services: OnDemand, context: Context<unknown>, read: () => Wish): Promise<Reply> {
  const who = await holderOf(services.accounts, context);
  let wish: Wish;
  try {
    wish = read();
  } catch (error) {
    if (!(error instanceof DomainError) || error.fault.kind !== 'invalid') throw error;
    return notOk(400, error.message, { message: 'JSON payload could not be parsed' });
  }
  const { id, asked } = wish;
  if (id !== undefined && id !== null && typeof id !== 'string') return saying(400, 'request_id: must be a text.');
  try {
    const { id: request_id } = await services.poolRequests.create(who, asked, id ?? null);
    const { domain } = await services.pools.settings();
    return ok({ request_id, ...(domain === null || givesFullNames(context) ? {} : { domain }) }, 201);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const refusal = await refusalOf(services, error.fault, asked, id ?? '');
    if (refusal === null) throw error;
    return refusal;
  }
}

/** What vmpooler says of some refusals; null for the others. */
async function refusalOf(
  { pools }: OnDemand,
  fault: Fault,
  asked: readonly Asked[],
  id: string,
): Promise<Reply | null> {
  if (fault.kind === 'exists') return saying(409, `request_id '${id}' has already been created`, { request_id: id });
  if (fault.kind !== 'not-found') return null;
  const names = new Set((await pools.list()).flatMap(({ name, aliases }) => [name, ...aliases]));
  const bad = asked.map(({ name }) => name).filter((name) => !names.has(name));
  return notOk(404, faultMessage(fault), { bad_templates: bad });
}

const OVER = {
  failed: (message: string | null) => message ?? 'The request failed to provision instances',
  deleted: () => 'The request has been deleted',
} as const;

function progress(context: Pick<Context<unknown>, 'mount'>, request: RequestDetail, domain: string | null): Reply {
  const { id: request_id, state, message, wants } = request;
  if (state === 'failed' || state === 'deleted') return ok({ request_id, ready: false, message: OVER[state](message) });
  const ready = state === 'ready';
  const full = givesFullNames(context);
  const counts = wants.map(({ name, vms, pending }) => [
    name,
    ready
      ? { hostname: full ? vms.map((vm) => fullName(vm, domain)) : vms }
      : { ready: String(vms.length), pending: String(pending) },
  ]);
  const more = ready && !full && domain !== null ? { domain } : {};
  return ok({ request_id, ready, ...Object.fromEntries(counts), ...more }, ready ? 200 : 202);
}
