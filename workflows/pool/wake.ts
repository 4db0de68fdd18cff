import { proxyLocalActivities } from '@temporalio/workflow';
import type { PoolActivities } from '../../activities/pool.ts';
import { ENDS } from '../lib/control.ts';

const keeper = proxyLocalActivities<PoolActivities>(ENDS);

/** Run by a schedule, as a net: every pool's keeper runs and takes a turn, whatever was lost. */
export const wakePools = (): Promise<void> => keeper.wakePools(null);
