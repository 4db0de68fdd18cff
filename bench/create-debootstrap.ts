import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deleteVm, follow } from '../test/journeys/task.ts';
import { ms, quantile, row, timed } from './figures.ts';
import { type Create, onRealNode } from './real-node.ts';

const SHIPPED = join(import.meta.dirname, '../profiles/debian-12');
const NAME = 'debian-12-started';
const SECONDS = 5;

/** The script itself says which packages, of which archive; debootstrap wants them in its own words. */
const ASK = `import runpy, sys
script = runpy.run_path(sys.argv[1])
packages = [script["kernel_package"]("bookworm"), *script["PACKAGES"], "systemd-resolved"]
print(",".join(packages), script["sources"]("bookworm", "")[0].split()[1], script["keyring"]("bookworm", ""))
`;

/** A second VM of the shipped debootstrap profile, until it is started, beside plain debootstrap of the same packages. */
export const secondOfDebootstrap = (create: Create): Promise<void> =>
  onRealNode(async ({ api, scratch, apply }) => {
    await apply(startedProfile(join(scratch, 'profile')));
    const remove = async (name: string) => void (await follow(api, await deleteVm(api, name)));
    const first = await timed(() => create(api, 'first', NAME));
    await remove('first');
    const plain = await timed(() => debootstrap(join(scratch, 'root')));
    const seconds: number[] = [];
    for (let round = 0; round < SECONDS; round += 1) {
      seconds.push(await timed(() => create(api, `second${round}`, NAME)));
      // A guest that boots would take from the next one's time.
      await remove(`second${round}`);
    }
    const second = quantile(seconds, 0.5);
    process.stdout.write('Real node: VMs of the shipped debootstrap profile, until started\n');
    row('  first (builds the base image), plain debootstrap', `${ms(first)}  ${ms(plain)}`);
    row(
      `  second p50 of ${SECONDS}, plain debootstrap, times faster`,
      `${ms(second)}  ${ms(plain)}  ${(plain / second).toFixed(1)}`,
    );
  });

const exec = promisify(execFile);

/** The shipped profile, but for what it waits for, in a directory of its own. */
function startedProfile(dir: string): string {
  cpSync(SHIPPED, dir, { recursive: true });
  const file = join(dir, 'profile.yaml');
  const text = readFileSync(file, 'utf8').replace(/^name: .*$/m, `name: ${NAME}`);
  writeFileSync(file, text.replace(/^wait: .*$/m, 'wait: running'));
  return dir;
}

/** As a person would run it, outside of the platform. */
async function debootstrap(root: string): Promise<void> {
  const { stdout } = await exec('python3', ['-c', ASK, join(SHIPPED, 'script.py')]);
  const [packages = '', mirror = '', keyring = ''] = stdout.trim().split(' ');
  const options = ['--variant=minbase', `--keyring=${keyring}`, `--include=${packages}`];
  await exec('debootstrap', [...options, 'bookworm', root, mirror], { maxBuffer: Number.POSITIVE_INFINITY });
}
