import type { Context } from '@temporalio/activity';
import { CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import pino from 'pino';
import { expect, it, vi } from 'vitest';
import { currentAttempt } from '../../../activities/attempt.ts';
import { stepInterceptor } from '../../../cli/temporal/activity-interceptor.ts';
import { conflict } from '../../../domain/fault.ts';
import type { TaskId } from '../../../domain/ids.ts';
import { STEP_HEADER, type StepHeader } from '../../../workflows/lib/progress.ts';

/** A worker's interceptor, and calls of its activities as the engine makes them. */
function worker() {
  const told: string[] = [];
  const controlPlane = {
    progress: async (_: TaskId, { status }: { status: string }) => void told.push(status),
    remark: async (_: TaskId, status: string) => void told.push(status),
  };
  const factory = stepInterceptor({ controlPlane, log: pino({ level: 'silent' }) });
  let ids = 0;
  return {
    told,
    run: (change: { attempt?: number; id?: string } & Partial<StepHeader>, work: () => Promise<unknown>) => {
      const { attempt = 1, id = `${++ids}`, ...rest } = change;
      const step = { task: 't', current: 1, total: 2, status: 'install', undo: false, again: false, ...rest };
      const cancel = Promise.withResolvers<never>();
      const info = {
        ...{ attempt, activityId: id, activityType: 'install', heartbeatTimeoutMs: 0 },
        ...{
          scheduledTimestampMs: Date.now(),
          scheduleToCloseTimeoutMs: 1_000,
          workflowExecution: { workflowId: 'w' },
        },
      };
      const context = { info, cancelled: cancel.promise, heartbeat: () => undefined } as never as Context;
      const headers = { [STEP_HEADER]: defaultPayloadConverter.toPayload(step) };
      const done = factory(context).inbound!.execute!({ args: [], headers } as never, work);
      done.catch(() => undefined);
      return { done, cancel: () => cancel.reject(new CancelledFailure('CANCELLED')) };
    },
  };
}

/** Work that goes on until it is told to end, and then takes its time. */
function endless(log: string[], name: string) {
  return async () => {
    const { signal, number } = currentAttempt();
    log.push(`${name} begins as ${number}`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    log.push(`${name} has ended`);
    signal.throwIfAborted();
  };
}

it.each<[string, { attempt?: number; again?: boolean; undo?: boolean; id?: string }, string]>([
  ['its next attempt', { attempt: 2, id: '1' }, 'next begins as 2'],
  ['the same step asked for again', { again: true }, 'next begins as 2'],
  ['the undo of its workflow', { undo: true }, 'next begins as 1'],
])('ends a lost attempt before %s begins', async (_, change, begins) => {
  const log: string[] = [];
  const { run } = worker();
  const lost = run({ id: '1' }, endless(log, 'lost'));
  await vi.waitUntil(() => log.length > 0);
  const next = run({ status: change.undo ? 'undo install' : 'install', ...change }, async () => {
    log.push(`next begins as ${currentAttempt().number}`);
  });
  await next.done;
  await expect(lost.done).rejects.toThrow('REPLACED');
  expect(log).toEqual(['lost begins as 1', 'lost has ended', begins]);
});

it('lets a third attempt run alone, when the second still waits for the first', async () => {
  const log: string[] = [];
  const { run } = worker();
  const attempts = [1, 2, 3].map((attempt) => run({ attempt, id: '1' }, endless(log, `attempt ${attempt}`)));
  const [first, second, third] = attempts as [(typeof attempts)[0], (typeof attempts)[0], (typeof attempts)[0]];
  await expect(first.done).rejects.toThrow('REPLACED');
  await expect(second.done).rejects.toThrow('REPLACED');
  await vi.waitUntil(() => log.includes('attempt 3 begins as 3'));
  third.cancel();
  await expect(third.done).rejects.toBeInstanceOf(CancelledFailure);
  expect(log.filter((line) => line.includes('begins'))).not.toContain('attempt 2 begins as 2');
});

it('does not end what runs beside it in the same workflow', async () => {
  const log: string[] = [];
  const { run } = worker();
  const other = run({ status: 'network' }, endless(log, 'other'));
  await run({ status: 'install', attempt: 2 }, async () => undefined).done;
  expect(log).toEqual(['other begins as 1']);
  other.cancel();
  await expect(other.done).rejects.toBeInstanceOf(CancelledFailure);
});

it('tells the step, and turns a fault into what the engine does not repeat', async () => {
  const { run, told } = worker();
  const { done } = run({ status: 'volume sda' }, async () => {
    throw conflict('There is another one.');
  });
  await expect(done).rejects.toMatchObject({ type: 'conflict', nonRetryable: true, message: 'There is another one.' });
  expect(told).toEqual(['volume sda']);
});

it('tells why a step that is tried again has failed, in a line', async () => {
  const { run, told } = worker();
  const broken = run({ status: 'network 100' }, async () => {
    throw new Error(`EEXIST: ${'x'.repeat(300)}\nand more`);
  });
  await expect(broken.done).rejects.toThrow('and more');
  await run({ status: 'network 100', attempt: 2 }, async () => undefined).done;
  const why = `network 100: failed and will be tried again: EEXIST: ${'x'.repeat(192)}`;
  expect(told).toEqual(['network 100', why, 'network 100']);
});
