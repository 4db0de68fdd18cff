import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Api } from '../cli/client/api.ts';
import { dataDir, slipway, up } from '../test/journeys/installation.ts';
import { deleteVm, follow } from '../test/journeys/task.ts';
import { ms, quantile, row, timed } from './figures.ts';

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
export async function secondOfDebootstrap(
  create: (api: Api, name: string, profile: string) => Promise<unknown>,
): Promise<void> {
  const data = dataDir();
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const running = await up(data.dir);
  const { api } = running;
  try {
    await applyStarted(join(scratch, 'profile'), data.dir);
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
  } finally {
    await running.end();
    await slipway('down', '--purge', '--data', data.dir);
    rmSync(scratch, { recursive: true, force: true });
    data.remove();
  }
}

const exec = promisify(execFile);

/** The shipped profile, but for what it waits for. */
async function applyStarted(dir: string, dataDirectory: string): Promise<void> {
  cpSync(SHIPPED, dir, { recursive: true });
  const file = join(dir, 'profile.yaml');
  const text = readFileSync(file, 'utf8').replace(/^name: .*$/m, `name: ${NAME}`);
  writeFileSync(file, text.replace(/^wait: .*$/m, 'wait: running'));
  const applied = await slipway('profile', 'apply', dir, '--data', dataDirectory);
  if (applied.code !== 0) throw new Error(applied.stderr);
}

/** As a person would run it, outside of the platform. */
async function debootstrap(root: string): Promise<void> {
  const { stdout } = await exec('python3', ['-c', ASK, join(SHIPPED, 'script.py')]);
  const [packages = '', mirror = '', keyring = ''] = stdout.trim().split(' ');
  const options = ['--variant=minbase', `--keyring=${keyring}`, `--include=${packages}`];
  await exec('debootstrap', [...options, 'bookworm', root, mirror], { maxBuffer: Number.POSITIVE_INFINITY });
}
