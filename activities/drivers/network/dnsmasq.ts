import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '../../../domain/fault.ts';
import type { Mac } from '../../../domain/ids.ts';
import type { Network, Nic } from '../../../domain/network.ts';
import { absent } from '../absent.ts';
import type { Run } from '../run.ts';
import { type Daemon, endDaemon, knownDaemons, tell } from './daemons.ts';
import { dnsmasqConf } from './dnsmasq-conf.ts';

const CONF = /^dnsmasq-[0-9a-f]{16}\.conf$/;
/** Guests can make dnsmasq write lines: a log that is longer says the same again and again. */
const LOG_BYTES = 2 ** 20;
const HOST_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;

/**
 * The dnsmasq of one network, with its files in `dir`. It is nobody's child and outlives this process. Its configuration's
 * name holds the hash of the text, so that its arguments tell which configuration it runs with.
 */
export function dnsmasq(dir: string, run: Run) {
  const mark = `--conf-file=${dir}/`;
  const daemons = (): Promise<readonly Daemon[]> => knownDaemons('dnsmasq', mark);
  const end = async (): Promise<void> => {
    for (const daemon of await daemons()) await endDaemon(daemon);
  };
  const start = (conf: string): Promise<unknown> => run(['dnsmasq', `--conf-file=${join(dir, conf)}`]);
  const currentConf = async (): Promise<string | undefined> => (await namesIn(dir)).find((name) => CONF.test(name));
  const guestFiles = (mac: Mac) => ['guests', 'names'].map((sub) => join(dir, sub, mac.replaceAll(':', '-')));

  const writeWhole = async (file: string, text: string): Promise<void> => {
    // Outside the directories that dnsmasq watches: there it would read the draft.
    const draft = join(dir, `.${process.pid}.draft`);
    await writeFile(draft, text);
    await rename(draft, file);
  };

  /** Lets go of what it remembers of a guest: only a dnsmasq that does not run has nothing in memory. */
  const restart = async (mac: Mac): Promise<void> => {
    const conf = await currentConf();
    await end();
    const leases = await textOf(join(dir, 'leases'));
    const kept = leases.split('\n').filter((line) => line.split(' ')[1] !== mac);
    await writeWhole(join(dir, 'leases'), kept.join('\n'));
    if (conf !== undefined) await start(conf);
  };

  return {
    end,
    /** Whether one runs, with whatever configuration; its log is no longer than 1 MiB then. */
    keeps: async (): Promise<boolean> => {
      await boundLog(join(dir, 'dnsmasq.log'));
      return (await daemons()).length > 0;
    },
    /** Succeeds if one dnsmasq runs, with the configuration for this network, on the bridge that has this index. */
    ensure: async (network: Network, device: number): Promise<void> => {
      const text = dnsmasqConf(network, dir, device);
      const conf = `dnsmasq-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.conf`;
      await Promise.all(['guests', 'names'].map((sub) => mkdir(join(dir, sub), { recursive: true })));
      await writeWhole(join(dir, conf), text);
      for (const old of await namesIn(dir)) if (CONF.test(old) && old !== conf) await rm(join(dir, old));
      const now = await daemons();
      if (now.length === 1 && now[0]?.args.includes(`--conf-file=${join(dir, conf)}`)) return;
      await end();
      await start(conf);
    },
    /** Succeeds if the guest gets its address by DHCP and is found by its name; does nothing on a network without dnsmasq. */
    ensureGuest: async ({ mac, ip, hostname }: Nic): Promise<void> => {
      const conf = await currentConf();
      if (ip === null || conf === undefined) return;
      if (!HOST_NAME.test(hostname)) throw invalid('hostname', `'${hostname}' is no host name.`);
      const texts = [`${mac},${ip},${hostname}\n`, `${ip} ${hostname}\n`];
      const files = guestFiles(mac);
      const before = await Promise.all(files.map(textOf));
      // New files are read at once, by inotify; changed ones are not.
      for (const [i, file] of files.entries()) if (before[i] !== texts[i]) await writeWhole(file, texts[i] ?? '');
      if (before.some((text, i) => text !== '' && text !== texts[i])) await restart(mac);
      else if ((await daemons()).length === 0) await start(conf);
    },
    /** Succeeds if nothing is known of the guest: its lease is gone too, so that another guest may have its address. */
    removeGuest: async (mac: Mac): Promise<void> => {
      for (const file of guestFiles(mac)) await rm(file, { force: true });
      const leases = await textOf(join(dir, 'leases'));
      if (leases.split('\n').some((line) => line.split(' ')[1] === mac)) await restart(mac);
      else for (const { pid } of await daemons()) tell(pid, 'SIGHUP');
    },
  };
}

/** Empties a log that is too long: dnsmasq appends, so that it goes on at the file's new end. */
async function boundLog(log: string): Promise<void> {
  const size = (await stat(log).catch(absent))?.size ?? 0;
  if (size > LOG_BYTES) await truncate(log);
}

const textOf = async (file: string): Promise<string> => (await readFile(file, 'utf8').catch(absent)) ?? '';
const namesIn = async (dir: string): Promise<readonly string[]> => (await readdir(dir).catch(absent)) ?? [];
