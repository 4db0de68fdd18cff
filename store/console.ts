import { eq } from 'drizzle-orm';
import type { VmId } from '../domain/ids.ts';
import type { Db } from './open.ts';
import { consoles } from './schema/vm.ts';

/** Bytes of a console log that are kept. */
export const CONSOLE_KEPT = 256 * 1024;

const findConsole = async (db: Db, vm: VmId) => db.select().from(consoles).where(eq(consoles.vm, vm)).get();

/** More of the log, beginning at byte `offset`: what is known already is ignored. */
export async function appendToConsole(tx: Db, vm: VmId, offset: number, text: string): Promise<void> {
  const known = await findConsole(tx, vm);
  const bytes = Buffer.from(text, 'utf8');
  const end = offset + bytes.length;
  if (known && end <= known.end) return;
  const news = bytes.subarray(known ? Math.max(0, known.end - offset) : 0);
  const tail = Buffer.concat([known?.tail ?? Buffer.alloc(0), news]).subarray(-CONSOLE_KEPT);
  await tx.insert(consoles).values({ vm, end, tail }).onConflictDoUpdate({ target: consoles.vm, set: { end, tail } });
}

/** Empty until the guest has written something. */
export async function consoleTail(db: Db, vm: VmId): Promise<string> {
  return (await findConsole(db, vm))?.tail.toString('utf8') ?? '';
}
