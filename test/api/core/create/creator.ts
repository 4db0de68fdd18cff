import { DomainError } from '../../../../domain/fault.ts';
import { openStore } from '../../../../store/open.ts';
import { ADMIN, coreOver, recordingJobs, request } from '../cluster.ts';

/** What one process got for each name: a task's id, or the kind of its refusal. */
export type Outcomes = Readonly<Record<string, string>>;

/** A process that creates the VMs it is told, all at once, over a store that others write to as well. */
process.once('message', async ({ file, names }: { file: string; names: readonly string[] }) => {
  const store = openStore(file);
  const jobs = recordingJobs();
  const { provisioner } = coreOver(store, jobs, { warn: () => undefined });
  const outcome = async (name: string): Promise<string> => {
    try {
      const key = name.startsWith('same') ? name : null;
      return (await provisioner.create(ADMIN, request({ name, idempotencyKey: key }))).id;
    } catch (error) {
      return error instanceof DomainError ? error.fault.kind : String(error);
    }
  };
  const outcomes: Outcomes = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await outcome(name)] as const)),
  );
  await store.close();
  process.send?.(outcomes, () => process.disconnect());
});
process.send?.('ready');
