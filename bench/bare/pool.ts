import { randomUUID } from 'node:crypto';
import BetterSqlite3 from 'better-sqlite3';
import { poolVmName } from '../../domain/pool-name.ts';
import { openStore } from '../../store/open.ts';
import { insertStoragePool } from '../../store/storage-pool.ts';
import { insertPool } from '../../store/vm-pool.ts';

/** As if refilled in no time: a VM that is given back is ready again, behind all others. */
const REFILLED = `CREATE TRIGGER refilled AFTER UPDATE OF state ON pool_entries WHEN NEW.state = 'completed' BEGIN
  UPDATE pool_entries SET state = 'ready', ready_at = NEW.completed_at, checked_out_at = NULL, completed_at = NULL, reason = NULL,
    token_id = NULL, user = NULL, lifetime_hours = NULL, expires_at = NULL
  WHERE number = NEW.number;
END`;

/** A store with one pool of so many VMs, all of them ready, that no keeper keeps. */
export async function seedPool(file: string, pool: string, size: number): Promise<void> {
  const store = openStore(file);
  const none = { cloneTarget: null, timeoutMin: null, readyTtlMin: null, maxClones: null, lifetimeHours: null };
  const wish = { name: pool, template: pool, profile: 'empty', args: [], size, aliases: [] };
  await store.write(async (tx) => {
    // Its first start is over.
    await insertStoragePool(tx, { name: 'vms', driver: 'sim', config: {} });
    await insertPool(tx, { ...wish, ...none, maxLifetimeHours: null, probePort: null });
  });
  await store.close();
  const db = new BetterSqlite3(file);
  const vm =
    db.prepare(`INSERT INTO vms (id, name, tenant, state, node, description, memory, vcpus, selector, autostart, serial, defined, created_at, args)
    VALUES (?, ?, 'default', 'running', 'hv1', '', 512, 1, 'mem', 0, 0, 1, 0, '{}')`);
  const entry = db.prepare(`INSERT INTO pool_entries (number, vm, name, pool, state, task, started_at, ready_at, tags)
    VALUES (?, ?, ?, ?, 'ready', ?, 0, ?, '{}')`);
  db.transaction(() => {
    for (let number = 1; number <= size; number += 1) {
      const [id, name] = [randomUUID(), poolVmName('', number)];
      vm.run(id, name);
      entry.run(number, id, name, pool, randomUUID(), number);
    }
  })();
  db.exec(REFILLED);
  db.close();
}
