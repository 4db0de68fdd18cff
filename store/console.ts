import { eq } from 'drizzle-orm';
import { CONSOLE_KEPT } from '../domain/control-plane.ts';
import type { VmId } from '../domain/ids.ts';
import type { Db } from './open.ts';
import { consoles } from './schema/vm.ts';

const findConsole = async (db: Db, vm: VmId) => db.select().from(consoles).where(eq(consoles.vm, vm)).get();

const keep = async (tx: Db, vm: VmId, end: number, log: Buffer): Promise<void> => {
  const tail = log.subarray(-CONSOLE_KEPT);
  await tx.insert(consoles).values({ vm, end, tail }).onConflictDoUpdate({ target: consoles.vm, set: { end, tail } });
};

/** What the log ends with, in place of what is known, unless it is empty; returns the byte that more of it begins at, which never goes back. */
export async function resumeConsole(tx: Db, vm: VmId, text: string): Promise<number> {
  const known = await findConsole(tx, vm);
  const bytes = Buffer.from(text, 'utf8');
  const end = known?.end ?? bytes.length;
  if (bytes.length > 0) await keep(tx, vm, end, bytes);
  return end;
}

/** More of the log, beginning at byte `offset`: what is known already is ignored. */
export async function appendToConsole(tx: Db, vm: VmId, offset: number, text: string): Promise<void> {
  const known = await findConsole(tx, vm);
  const bytes = Buffer.from(text, 'utf8');
  const end = offset + bytes.length;
  if (known && end <= known.end) return;
  const news = bytes.subarray(known ? Math.max(0, known.end - offset) : 0);
  await keep(tx, vm, end, Buffer.concat([known?.tail ?? Buffer.alloc(0), news]));
}

/** Empty until the guest has written something. */
export async function consoleTail(db: Db, vm: VmId): Promise<string> {
  return (await findConsole(db, vm))?.tail.toString('utf8') ?? '';
}
