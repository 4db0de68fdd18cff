import { readFileSync } from 'node:fs';
import type { InstallJob } from '../../activities/drivers/installer/driver.ts';
import { linux } from '../../activities/drivers/installer/linux.ts';
import { run } from '../../activities/drivers/run.ts';

/** A worker to be killed: runs the job of the file, told as JSON with the installer's settings, and prints its lines. */
const { settings, job } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  settings: { imagesDir: string; scriptsDir: string };
  job: InstallJob;
};
await linux({ run, ...settings }).run(job, (line) => console.log(line), new AbortController().signal);
