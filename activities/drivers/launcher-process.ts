import { DomainError, type Fault } from '../../domain/fault.ts';
import type { Order, Report } from './launcher.ts';
import { run } from './run.ts';

/*
 * The process that starts programs for another (launcher.ts), told by messages. Ends when that one does.
 */

const running = new Map<number, AbortController>();

const tell = (report: Report): void => {
  if (process.connected) process.send?.(report);
};

const faultOf = (error: unknown): Fault =>
  error instanceof DomainError ? error.fault : { kind: 'internal', why: String(error) };

process.on('message', async (order: Order) => {
  const { call } = order;
  if ('abort' in order) {
    running.get(call)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(call, controller);
  try {
    const line = order.lines ? { line: (text: string) => tell({ call, line: text }) } : {};
    tell({ call, result: await run(order.argv, { ...order.options, ...line, signal: controller.signal }) });
  } catch (error) {
    tell({ call, fault: faultOf(error) });
  } finally {
    running.delete(call);
  }
});

// A terminal's or an init system's words to the whole group: programs are ended by whoever asked for them, who ends in order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.once('disconnect', () => process.exit());
