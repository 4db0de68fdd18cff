const two = (n: number): string => String(n).padStart(2, '0');

const offsetOf = (date: Date): string => {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
};

/** A moment as vmpooler writes it, in this machine's time zone. @example localTime(0) // '1970-01-01 00:00:00 +0000' */
export function localTime(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${offsetOf(date)}`;
}

/** A moment by RFC 3339, with the offset of this machine's time zone. */
export const offsetTime = (at: number): string => localTime(at).replace(/^(\S+) (\S+) (...)(..)$/, '$1T$2$3:$4');

/** Hours, to two decimals. */
export const hours = (ms: number): number => Math.round(ms / 36_000) / 100;
