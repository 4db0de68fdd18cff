import { invalid } from '../../../domain/fault.ts';
import { portOf } from '../../../domain/network.ts';
import type { HostFacts } from '../../../domain/node.ts';
import type { DomainSpec } from '../../../domain/plan.ts';
import { template, type Values } from '../template.ts';

const render = template('libvirt/domain.xml', 'xml');
const renderDisk = template('libvirt/disk.xml', 'xml');

/** A disk's place on its bus is its letters' number, so that it stays where it was when others come and go. */
const DISK_ID = /^(sd|vd)([a-z]{1,2})$/;
const LAST_UNIT = 255; // what one virtio-scsi target takes comfortably; QEMU's own limit is 16383

/**
 * The domain's XML: the same text for the same arguments. `consoleLog` is the file that its serial console is logged to;
 * 'invalid' for a disk id that is neither 'sdX' nor 'vdX'.
 */
export function domainXml(spec: DomainSpec, facts: HostFacts, consoleLog: string | null = null): string {
  const cpu = { vcpus: spec.vcpus };
  return render({
    type: facts.accel === 'kvm' ? 'kvm' : 'qemu',
    name: spec.name,
    uuid: spec.vm,
    memoryMiB: spec.memory,
    vcpus: spec.vcpus,
    arch: facts.arch,
    boot: spec.boot && {
      kernel: spec.boot.kernel,
      initrd: spec.boot.initrd === null ? null : { path: spec.boot.initrd },
      cmdline: spec.boot.cmdline,
    },
    hostCpu: facts.accel === 'kvm' ? cpu : null,
    emulatedCpu: facts.accel === 'kvm' ? null : cpu,
    emulator: facts.emulator,
    disks: spec.disks.map(disk),
    seed: spec.seed === null ? null : { path: spec.seed },
    nics: spec.nics.map(({ mac, bridge }) => ({ mac, bridge, port: portOf(mac) })),
    serial: spec.serial ? { log: consoleLog === null ? null : { path: consoleLog } } : null,
    vnc: spec.vnc === null ? null : { address: spec.vnc },
    video: spec.vnc === null ? 'none' : 'vga',
  });
}

/** One disk's XML, for a domain that is there already. */
export const diskXml = (spec: DomainSpec['disks'][number]): string => renderDisk(disk(spec));

function disk({ diskId, source }: DomainSpec['disks'][number]): Values {
  const [, bus, letters] = DISK_ID.exec(diskId) ?? [];
  const unit = [...(letters ?? '')].reduce((n, c) => n * 26 + c.charCodeAt(0) - 96, 0) - 1;
  if (bus === undefined || unit > LAST_UNIT) throw invalid('disk_id', `'${diskId}' is no sda … sdiv or vda … vdiv.`);
  return {
    type: source.type === 'file' ? 'file' : 'network',
    format: source.type === 'file' ? source.format : 'raw',
    file: source.type === 'file' ? { path: source.path } : null,
    rbd: source.type === 'rbd' ? { pool: source.pool, image: source.image } : null,
    diskId,
    bus: bus === 'sd' ? 'scsi' : 'virtio',
    scsi: bus === 'sd' ? { unit } : null,
  };
}
