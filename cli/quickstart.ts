import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { conflict, unavailable } from '../domain/fault.ts';
import { type Api, apiClient } from './client/api.ts';
import { TaskDocument, watchTask } from './client/task.ts';
import { loadConfig } from './config/load.ts';
import { isDebugging } from './debugging.ts';
import { exitStatus, explain } from './failure.ts';
import { claimDirectory } from './instance/directory.ts';
import { type Instance, InstanceSchema, readHolder, readInstance, writeHolder } from './instance/instance.ts';
import { authority, freePortOr } from './instance/ports.ts';
import { watchOutput } from './output.ts';
import { packageFile } from './package-root.ts';
import { defaultDataDir, type Paths, pathsOf } from './paths.ts';
import { bringDown } from './process/down.ts';
import { rememberedLibvirt } from './process/host.ts';

/** The VM that is made, and what it is made from. */
const NAME = 'demo';
const PROFILE = 'debian-12';

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

const sim = process.env.SLIPWAY_QUICKSTART_SIM || null;
const paths = pathsOf(
  resolve(process.env.SLIPWAY_QUICKSTART_DATA || (sim ? `${defaultDataDir()}-sim` : defaultDataDir())),
);

const Vm = z.looseObject({
  state: z.string(),
  node: z.string(),
  networks: z.array(z.looseObject({ ip: z.string().nullish() })).default([]),
});
type Vm = z.infer<typeof Vm>;
const Job = z.looseObject({ id: z.string(), name: z.string(), kwargs: z.looseObject({ target: z.string() }) });
const JobsByNode = z.record(z.string(), z.array(Job)).default({});
const Tasks = z.looseObject({ finished: z.array(TaskDocument).default([]), active: JobsByNode, reserved: JobsByNode });
const Begun = z.looseObject({ task_id: z.string().nullish() });

/** Starts everything unless it runs, makes the VM unless it is there, and says how to go on. */
async function quickstart(): Promise<void> {
  const instance = readInstance(paths.instance) ?? (await startUp(paths));
  const api = apiClient({ api: instance.api, token: instance.token });
  const before = await findVm(api);
  const task = await toRunning(api, before);
  const vm = await findVm(api);
  if (!vm) throw conflict(`VM '${NAME}' is gone again: somebody removed it.`);
  print(whatNow(instance, vm, task));
}

/** Begins `slipway up` as a process of its own; resolves when it is ready. */
async function startUp({ dir, holder }: Paths): Promise<Instance> {
  claimDirectory(dir);
  const other = readHolder(holder);
  if (other !== null)
    throw conflict(`${dir} is being started by process ${other}: wait for it, or end it with --stop.`);
  const logFile = join(dir, 'up.log');
  const log = openSync(logFile, 'w', 0o640);
  const { listen_address: host, listen_port: wanted } = loadConfig(undefined).api;
  const listen = authority({ host, port: await freePortOr(host, wanted) });
  const args = ['up', '--data', dir, '--listen', listen, '--json'];
  say('Starting Slipway …');
  const up = spawn(packageFile('slipway'), [...args, ...(sim ? [`--sim=${sim}`] : [])], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
  });
  // At once: whoever ends this installation finds it, also when this process is interrupted before it is ready.
  if (up.pid !== undefined) writeHolder(holder, up.pid);
  closeSync(log);
  const failed = new Promise<never>((_resolve, reject) => {
    up.once('exit', () => reject(unavailable(`Slipway did not start: ${readFileSync(logFile, 'utf8').trim()}`)));
    up.once('error', reject);
  });
  const { stdout } = up;
  if (!stdout) throw new Error('bug: a pipe was asked for');
  const ready = new Promise<string>((done) => createInterface({ input: stdout }).once('line', done));
  const instance = InstanceSchema.parse(JSON.parse(await Promise.race([ready, failed])));
  up.removeAllListeners('exit');
  stdout.destroy();
  up.unref();
  return instance;
}

async function findVm(api: Api): Promise<Vm | null> {
  const [vm] = z.array(Vm).parse(await api.get('/vm', { limit: `^${NAME}$` }));
  return vm ?? null;
}

/** Leaves the VM running; returns the task that made it. */
async function toRunning(api: Api, vm: Vm | null): Promise<string | null> {
  if (vm?.state === 'start') return creationOf(api);
  if (vm?.state === 'stop') {
    say(`VM '${NAME}' is there and is started.`);
    await seeThrough(api, await api.post(`/vm/${NAME}/state`, { state: 'start' }));
    return creationOf(api);
  }
  if (vm && vm.state !== 'provision')
    throw conflict(`VM '${NAME}' is in state ${vm.state}: see slipway vm show ${NAME}.`);
  if (!vm)
    say(
      `Creating VM '${NAME}' from profile ${PROFILE}. The first one builds its base image: minutes; the next take seconds.`,
    );
  // An interrupted run's creation goes on by itself.
  const begun = vm
    ? { task_id: await creationOf(api) }
    : await api.post('/provisioner/create', { name: NAME, profile: PROFILE, arg: [`password=${guestPassword()}`] });
  return seeThrough(api, begun);
}

/** Draws the task's progress to its end; throws its reason if it does not succeed. */
async function seeThrough(api: Api, begun: unknown): Promise<string | null> {
  const id = Begun.parse(begun).task_id;
  if (!id) return null;
  const task = await watchTask(api, id, new AbortController().signal);
  if (task.state === 'SUCCESS') return id;
  throw conflict(`${task.status}\n  Everything it said: ./slipway task log ${id} --data ${paths.dir}`);
}

/** The task that made the VM, or is at it; null when it is no longer remembered. */
async function creationOf(api: Api): Promise<string | null> {
  const { finished, active, reserved } = Tasks.parse(await api.get('/tasks', { finished: true, limit: 1000 }));
  const jobs = [active, reserved].flatMap((byNode) => Object.values(byNode).flat());
  const running = jobs.find((job) => job.name === 'provisioner.create' && job.kwargs.target === NAME);
  const made = finished.find((task) => task.task_name === 'provisioner.create' && task.target === NAME);
  return running?.id ?? made?.task_id ?? null;
}

/** The password of the guest's user, made at first and kept for this user alone. */
function guestPassword(): string {
  const file = join(paths.dir, `${NAME}.password`);
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(9).toString('base64url')}\n`, { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

/** How a person gets a shell in the guest; simulated ones have none. */
function logIn(node: string): readonly string[] {
  if (sim) return [];
  const uri = rememberedLibvirt(paths, node) ?? `qemu+unix:///system?socket=${join(paths.libvirt, 'run/libvirt-sock')}`;
  return [
    `  log in       virsh -c '${uri}' console ${NAME}   (user debian, password ${guestPassword()}; leave with Ctrl-])`,
  ];
}

function whatNow({ api, vmpooler, token, temporalUi, data }: Instance, vm: Vm, task: string | null): string {
  const address = vm.networks.map(({ ip }) => ip).find(Boolean) ?? 'none';
  const ui =
    temporalUi && task
      ? `${temporalUi}/namespaces/default/workflows/${encodeURIComponent(`task:${task}`)}`
      : temporalUi;
  // The shell that it is pasted into need not have this one's environment.
  const named = process.env.SLIPWAY_QUICKSTART_DATA || process.env.SLIPWAY_DATA;
  const again = `${sim ? ' --sim' : ''}${named ? ` --data ${data}` : ''}`;
  const curl = `curl -H 'X-Api-Key: ${token}'`;
  return [
    '',
    `VM '${NAME}' runs.`,
    `  address      ${address}`,
    `  console      ./slipway vm console ${NAME} --data ${data}`,
    ...logIn(vm.node),
    `  API          ${api}/api/v1   (documents: ${api}/docs)`,
    `  VM pools     ${vmpooler}/api/v1   (as vmpooler's; what they hold: ${vmpooler}/dashboard/)`,
    `  token        ${token}`,
    `  Temporal UI  ${ui ?? 'of your own server'}`,
    '',
    'Try next:',
    `  ${curl} ${api}/api/v1/vm/${NAME}`,
    `  ${curl} -X POST '${api}/api/v1/provisioner/create?name=demo2&profile=${PROFILE}'`,
    `  ${curl} '${api}/api/v1/tasks?finished=true'`,
    '',
    `End it: ./scripts/quickstart --stop${again}   Remove every trace: ./scripts/quickstart --purge${again}`,
  ].join('\n');
}

watchOutput();
try {
  const [, , action] = process.argv;
  if (action === 'stop') await bringDown(paths, { guests: true, purge: false, say });
  else if (action === 'purge') await bringDown(paths, { guests: true, purge: true, say });
  else await quickstart();
} catch (error) {
  say(explain(error, isDebugging()));
  process.exitCode = exitStatus(error);
}
