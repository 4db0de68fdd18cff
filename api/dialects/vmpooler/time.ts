import { localTime } from './local-time.ts';

/** A moment by RFC 3339, with the offset of this machine's time zone. */
export const offsetTime = (at: number): string => localTime(at).replace(/^(\S+) (\S+) (...)(..)$/, '$1T$2$3:$4');

/** Hours, to two decimals. */
export const hours = (ms: number): number => Math.round(ms / 36_000) / 100;
