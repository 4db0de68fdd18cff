import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1m' });

/** As many activities as a creation has, two at a time where it runs two at a time. */
export async function bare(sequential: number): Promise<void> {
  for (let index = 0; index < sequential; index += 1) await nothing();
}
