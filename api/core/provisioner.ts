import { randomUUID } from 'node:crypto';
import type { TaskId, VmId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Task } from '../../domain/task.ts';
import type { Db, Store } from '../../store/open.ts';
import { toTask } from '../../store/task.ts';
import { mustAct, mustAdminister } from './authorize.ts';
import { accept } from './create/accept.ts';
import { type Asked, planCreation } from './create/plan.ts';
import { type Rendering, renderPlan } from './create/render.ts';
import type { CreateRequest } from './create/request.ts';
import { once } from './once.ts';
import type { CoreParts } from './parts.ts';
import { applyDocument } from './profile/apply.ts';
import type { ProfileDocument } from './profile/document.ts';
import { startSoon } from './start.ts';

/** A VM to be shown; with a document, of the profile as that has it, whatever the store has. */
export interface RenderRequest extends Pick<CreateRequest, 'name' | 'profile' | 'args'> {
  readonly document?: ProfileDocument | undefined;
}

export interface ProvisionerService {
  /**
   * Checks everything, reserves name, node, memory, vCPUs, storage and addresses in one transaction, and starts the work.
   * Refuses with the reason, nothing being made: unknown profile or part ('invalid'/'not-found'), a name taken ('exists'), no node with
   * room ('no-capacity' with each node's reason), a filesystem without mkfs, a pool without space.
   */
  create(who: Principal, request: CreateRequest): Promise<Task>;
  /** The same decisions, nothing made and nothing reserved. */
  render(who: Principal, request: RenderRequest): Promise<Rendering>;
}

/** Creations of VMs: decided in one transaction, and the same way where nothing is made. */
export function provisionerService(parts: CoreParts): ProvisionerService {
  const { store, settings, renderer } = parts;
  const asking = (who: Principal, asked: Asked) => ({
    ...{ who, asked, settings },
    ids: { task: randomUUID() as TaskId, vm: randomUUID() as VmId },
  });
  return {
    create: async (who, request) => {
      mustAct(who);
      const { name, profile, args, define, start, idempotencyKey } = request;
      const begin = async (tx: Db) => {
        const plan = await planCreation(tx, asking(who, request));
        // Refuses user-data that could not be served later.
        renderer.seed(plan.guest);
        return { task: await accept(tx, plan, who), fresh: true };
      };
      const { task, fresh } = await store.write((tx) =>
        once(tx, who, idempotencyKey, [name, profile, args, define, start], () => begin(tx)),
      );
      if (fresh) startSoon(parts, task);
      return toTask(task);
    },
    render: async (who, { document, ...request }) => {
      const render = async (db: Db): Promise<Rendering> =>
        renderPlan(
          db,
          renderer,
          await planCreation(db, { ...asking(who, { ...request, define: true, start: true }), mayExist: true }),
        );
      if (document === undefined) return render(store.read);
      mustAdminister(who);
      return rolledBack(store, async (tx) => {
        await applyDocument(tx, document);
        return render(tx);
      });
    },
  };
}

/** The work's result; of what it wrote, nothing stays. */
async function rolledBack<T>(store: Store, work: (tx: Db) => Promise<T>): Promise<T> {
  const enough = new Error('rolled back on purpose');
  const results: T[] = [];
  await store
    .write(async (tx) => {
      results.push(await work(tx));
      throw enough;
    })
    .catch((error: unknown) => {
      if (error !== enough) throw error;
    });
  return results[0] as T;
}
