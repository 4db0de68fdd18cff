import { expect, it } from 'vitest';
import { libvirtUri } from '../../../cli/process/libvirt.ts';
import { scriptedRun } from '../../scripted-run.ts';

const log = { info: () => undefined } as never;

it('asks nobody when one is configured', async () => {
  const { run, done } = scriptedRun([]);
  const { uri, stop } = await libvirtUri({ dir: '/x/libvirt', configured: 'qemu+ssh://hv1/system', log, run });
  await stop();
  expect(uri).toBe('qemu+ssh://hv1/system');
  done();
});

it("takes the system's if it answers, and does not stop it", async () => {
  const { run, done } = scriptedRun([{ argv: 'virsh -q -c qemu:///system version' }]);
  const { uri, stop } = await libvirtUri({ dir: '/x/libvirt', log, run });
  await stop();
  expect(uri).toBe('qemu:///system');
  done();
});
