import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Attempt, withAttempt } from '../../activities/attempt.ts';
import { sim } from '../../activities/drivers/hypervisor/sim.ts';
import { simDomains } from '../../activities/drivers/hypervisor/sim-domains.ts';
import type { HostDeps } from '../../activities/host-deps.ts';
import { domainActivities } from '../../activities/host-domain.ts';
import type { TaskId, VmId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';
import { rotate } from './drivers/hypervisor/rotating.ts';

const vm = '00000000-0000-4000-8000-000000000001' as VmId;
const guest = { vm, name: 'web1' };
const SPEC = {
  ...guest,
  memory: mib(512),
  vcpus: 1,
  disks: [],
  nics: [],
  serial: true,
  vnc: null,
  seed: null,
  boot: null,
};
/** No guest of these tests boots in this time. */
const NEVER_MS = 60_000;

/** What the task's log was given. */
let logged: string[];
const controlPlane = {
  appendLog: async (_: TaskId, lines: readonly { readonly text: string }[]) =>
    void logged.push(...lines.map(({ text }) => text)),
  seedInput: async () => ({ userData }),
};
/** What the guest is to be told; empty for nothing. */
let userData: string;

let dir: string;
beforeEach(async () => {
  logged = [];
  userData = '#cloud-config';
  dir = await mkdtemp(join(tmpdir(), 'slipway-domain-'));
});
afterEach(() => rm(dir, { recursive: true }));

const attempt = (change: Partial<Attempt> = {}): Attempt => ({
  ...{
    number: 1,
    deadline: Date.now() + 60_000,
    signal: new AbortController().signal,
    task: 't' as TaskId,
    step: 'wait',
  },
  note: () => undefined,
  ...change,
});

/** Waits, in this attempt, for a guest that says nothing by itself. */
async function quiet(change: Partial<Attempt> = {}) {
  const hypervisor = sim({ dir });
  await hypervisor.define(SPEC);
  const bootsAt = Date.now() + NEVER_MS;
  await simDomains(dir, NEVER_MS).change(vm, { running: true, bootsAt });
  await mkdir(join(dir, 'consoles'), { recursive: true });
  const deps = { hypervisor, dir, controlPlane } as never as HostDeps;
  const awaited = withAttempt(attempt(change), () => domainActivities(deps).awaitGuest(guest));
  // Looked at later than it may end.
  awaited.catch(() => undefined);
  return { hypervisor, awaited, say: (text: string) => appendFile(hypervisor.consolePath(vm), text) };
}

describe('awaitGuest', () => {
  it('resolves when cloud-init says that it has finished', async () => {
    const { hypervisor, awaited } = await quiet();
    await hypervisor.stop(vm);
    await expect(awaited).rejects.toThrow('went off');
    await hypervisor.start(vm);
    const deps = { hypervisor, dir } as never as HostDeps;
    await withAttempt(attempt(), () => domainActivities(deps).awaitGuest(guest));
  });

  it('takes a line of cloud-init with a timestamp of the kernel before it', async () => {
    const { awaited, say } = await quiet();
    await say(
      '[   45.123456] cloud-init[612]: Cloud-init v. 22.4.2 finished at Thu, 01 Jan 2026 00:00:00 +0000. Datasource DataSourceEc2.',
    );
    await awaited;
  });

  it('is not content with the beginning of a stage', async () => {
    const { awaited, say } = await quiet({ deadline: Date.now() + 2_300 });
    await say("Cloud-init v. 22.4.2 running 'modules:final' at Thu. Up 9 seconds. Nothing has finished\r\n");
    await expect(awaited).rejects.toThrow('in time');
  });

  const finished = (datasource: string) =>
    `Cloud-init v. 22.4.2 finished at Thu, 01 Jan 2026 00:00:00 +0000. Datasource ${datasource}.  Up 45.03 seconds\r\n`;

  it('fails if cloud-init found nobody to give it its user-data', async () => {
    const { awaited, say } = await quiet();
    await say(`${finished('DataSourceNone')}Used fallback datasource\r\n`);
    await expect(awaited).rejects.toMatchObject({
      fault: {
        kind: 'conflict',
        why: 'web1 runs, but without its user-data: its cloud-init found neither a seed nor the metadata service (an address by DHCP, the API, datasource_list in the image); its console ends with: Used fallback datasource',
      },
    });
    expect(logged).toEqual([finished('DataSourceNone').trim(), 'Used fallback datasource']);
  });

  it('judges no line before the whole name of the datasource is there', async () => {
    const { awaited, say } = await quiet();
    await say(finished('DataSourceNone').split('None')[0] ?? '');
    await say('None.  Up 45.03 seconds\r\n');
    await expect(awaited).rejects.toThrow('without its user-data');
  });

  it('fails if the metadata service went away before it gave the user-data', async () => {
    const { awaited, say } = await quiet();
    const url = 'http://169.254.169.254/2009-04-04/user-data';
    await say(`2026-01-01 00:00:00,000 - util.py[WARNING]: Failed fetching userdata from url ${url}\r\n`);
    await say(finished('DataSourceEc2'));
    await expect(awaited).rejects.toThrow('without its user-data: the metadata service (the API) went away');
  });

  it('knows that it went away also when the console was moved aside since, and says what both files end with', async () => {
    const { awaited, say, hypervisor } = await quiet();
    await say('util.py[WARNING]: Failed fetching userdata from url http://169.254.169.254/2009-04-04/user-data\r\n');
    rotate(hypervisor.consolePath(vm), finished('DataSourceEc2'));
    await expect(awaited).rejects.toThrow('without its user-data: the metadata service (the API) went away');
    expect(logged).toEqual([expect.stringContaining('Failed fetching'), finished('DataSourceEc2').trim()]);
  });

  it('takes what was said before the console was moved aside', async () => {
    const { hypervisor, awaited } = await quiet();
    await hypervisor.stop(vm);
    await expect(awaited).rejects.toThrow('went off');
    await hypervisor.start(vm);
    // The node died here: cloud-init finished meanwhile, and the guest wrote on and on.
    await appendFile(hypervisor.consolePath(vm), finished('DataSourceEc2'));
    rotate(hypervisor.consolePath(vm), 'something else\r\n');
    rotate(hypervisor.consolePath(vm), 'something else\r\n');
    const deps = { hypervisor, dir, controlPlane } as never as HostDeps;
    await withAttempt(attempt({ number: 2, deadline: Date.now() + 2_300 }), () =>
      domainActivities(deps).awaitGuest(guest),
    );
  });

  it('is content without a datasource where there is no user-data', async () => {
    userData = '';
    const { awaited, say } = await quiet();
    await say(finished('DataSourceNone'));
    await awaited;
  });

  it.each(['DataSourceEc2', 'DataSourceNoCloud [seed=/dev/sr0][dsmode=net]'])('takes %s', async (datasource) => {
    const { awaited, say } = await quiet();
    await say(finished(datasource));
    await awaited;
  });

  it('says what the console ended with when it has waited long enough', async () => {
    const { awaited, say } = await quiet({ deadline: Date.now() + 2_300 });
    await say('[  OK  ] Started \u001b[0;1;39mgetty\u001b[0m.\r\nweb1 login: \r\n\r\n');
    await expect(awaited).rejects.toThrow(
      'web1 runs, but cloud-init did not finish in time (creations.wait_minutes); its console ends with: web1 login:',
    );
    // The console goes with the VM.
    expect(logged).toEqual(['[  OK  ] Started getty.', 'web1 login:']);
  });

  it('says what the console ended with when the guest goes off', async () => {
    const { awaited, say, hypervisor } = await quiet();
    await say('Kernel panic - not syncing: VFS: Unable to mount root fs\r\n');
    await hypervisor.stop(vm);
    await expect(awaited).rejects.toMatchObject({
      fault: {
        kind: 'conflict',
        why: 'web1 went off before cloud-init had finished; its console ends with: Kernel panic - not syncing: VFS: Unable to mount root fs',
      },
    });
  });

  it('says that the guest went with its node, where a later attempt finds it off', async () => {
    const { hypervisor, awaited } = await quiet();
    await hypervisor.stop(vm);
    await expect(awaited).rejects.toThrow('web1 went off before');
    const deps = { hypervisor, dir, controlPlane } as never as HostDeps;
    const later = withAttempt(attempt({ number: 2 }), () => domainActivities(deps).awaitGuest(guest));
    await expect(later).rejects.toThrow(
      'web1 went off, while its node was down or ended its guests, before cloud-init',
    );
  });

  it('ends with the reason of whoever ends it', async () => {
    const abort = new AbortController();
    const { awaited } = await quiet({ signal: abort.signal });
    abort.abort(new Error('cancelled'));
    await expect(awaited).rejects.toThrow('cancelled');
  });
});
