import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ms, quantile, row, timed } from './figures.ts';
import { type Create, onRealNode } from './real-node.ts';

const ROUNDS = 12;

/** A profile whose machines are clones of a base image and have nothing installed. */
const PROFILE = `name: clone
description: clone of a base image
system: { vcpus: 1, memoryMiB: 128 }
networks: [100]
disks: [{ id: sda, pool: vms, sizeGiB: 1, filesystem: ext4, mountpoint: / }]
wait: running
script: script.py
`;
const SCRIPT = 'def build(**kwargs):\n    pass\n';

/** The same commands as the platform's drivers, without the platform; DHCP reads a new file by itself. */
const SHELL = `set -e
qemu-img create -q -f qcow2 -F "$FORMAT" -b "$BASE" "$DISK"
cp "$RULES" "$RULES.again" && nft -f "$RULES.again"
printf '%s,%s,%s\n' "$MAC" "$IP" "$NAME" >"$GUESTS/$(echo "$MAC" | tr : -)"
virsh -q -c "$URI" define "$XML" >/dev/null
virsh -q -c "$URI" start "$NAME" >/dev/null
`;

/** Creations of clone-based VMs through the platform, beside a shell script, alternately. */
export const realCreations = (create: Create): Promise<void> =>
  onRealNode(async ({ api, data, scratch, apply }) => {
    writeFileSync(join(scratch, 'profile.yaml'), PROFILE);
    writeFileSync(join(scratch, 'script.py'), SCRIPT);
    await apply(scratch);
    await create(api, 'pattern', 'clone');
    const shell = shellCreations(data, scratch);
    const platform: number[] = [];
    const plain: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      platform.push(await timed(() => create(api, `c${round}`, 'clone')));
      plain.push(await timed(async () => shell(`plain${round}`)));
    }
    process.stdout.write(`Real node: a clone-based VM, ${ROUNDS} times each\n`);
    const [own, script] = [quantile(platform, 0.5), quantile(plain, 0.5)];
    row('  platform p50, shell script p50, ratio', `${ms(own)}  ${ms(script)}  ${(own / script).toFixed(2)}`);
    row('  platform overhead p50', ms(own - script));
  });

/** Makes VMs by the shell script, like the one that the platform made. */
function shellCreations(dir: string, scratch: string): (name: string) => void {
  const uri = execFileSync(join(import.meta.dirname, '../scripts/host/libvirtd.sh'), ['start', join(dir, 'libvirt')], {
    encoding: 'utf8',
  }).trim();
  const pattern = execFileSync('virsh', ['-c', uri, 'dumpxml', '--inactive', 'pattern'], { encoding: 'utf8' });
  const disk = /<source file='([^']+)'/.exec(pattern)?.[1] ?? '';
  const own = /<uuid>(.+)<\/uuid>/.exec(pattern)?.[1] ?? '';
  const pool = join(dir, 'pools', 'vms');
  const base = readdirSync(pool).find((name) => name.startsWith('base-')) ?? '';
  const [node = ''] = readdirSync(join(dir, 'nodes'));
  const network = join(dir, 'nodes', node, 'networks', '100');
  let last = 0;
  return (name) => {
    const uuid = crypto.randomUUID();
    const mac = `52:54:00:${uuid.slice(0, 2)}:${uuid.slice(2, 4)}:${uuid.slice(4, 6)}`;
    const file = join(pool, `${name}_sda-${uuid.slice(0, 8)}.qcow2`);
    const xml = pattern
      .replaceAll(disk, file)
      // Its console's log, too, is named by it.
      .replaceAll(own, uuid)
      .replace(/<name>.*<\/name>/, `<name>${name}</name>`)
      .replace(/<target dev='tap.*'\/>/, '')
      .replace(/<mac address='.*'\/>/, `<mac address='${mac}'/>`);
    const xmlFile = join(scratch, `${name}.xml`);
    writeFileSync(xmlFile, xml);
    last += 1;
    execFileSync('bash', ['-c', SHELL], {
      env: {
        ...process.env,
        ...{
          URI: uri,
          NAME: name,
          XML: xmlFile,
          DISK: file,
          BASE: join(pool, base),
          MAC: mac,
          IP: `10.100.200.${last}`,
        },
        ...{ RULES: join(network, 'rules.nft'), GUESTS: join(network, 'guests') },
        FORMAT: base.endsWith('.qcow2') ? 'qcow2' : 'raw',
      },
    });
  };
}
