import { DomainError } from '../../domain/fault.ts';
import { share } from '../instance/directory.ts';
import { askedToStop, type Running, type Stack, stack } from './running.ts';
import { type ProcessOptions, type Settings, settingsOf } from './settings.ts';

export interface ProcessSpec {
  readonly role: string;
  /** Whether the log goes into the data directory instead of standard error. */
  readonly logToFile: boolean;
}

/** Begins the parts of a process, pushing what is to be ended with it; returns those whose failure ends the process. */
export type Begin = (settings: Settings, things: Stack) => Promise<readonly Running[]>;

/** Runs a process until it is asked to stop or one of its parts fails; ends what was begun in the opposite order, either way. */
export async function runProcess(spec: ProcessSpec, options: ProcessOptions, begin: Begin): Promise<void> {
  const asked = askedToStop();
  const settings = settingsOf(spec.role, options, spec.logToFile);
  const { log } = settings;
  const things = stack((error) => log.error({ err: error }, 'a part of this process could not be ended'));
  try {
    const parts = await begin(settings, things);
    share(settings.paths.dir);
    log.info({ parts: parts.map(({ name }) => name), ...addressesOf(parts) }, 'started');
    const signal = await Promise.race([asked, ...parts.map(endOf)]);
    log.info({ signal }, 'stopping');
  } catch (error) {
    // A refusal is said in a sentence, on the same output.
    if (spec.logToFile || !(error instanceof DomainError)) log.error({ err: error }, 'failed');
    throw error;
  } finally {
    await things.stop();
  }
}

/** Where each part listens, under its name; nothing where none does. */
function addressesOf(parts: readonly Running[]): { readonly listening?: Readonly<Record<string, string>> } {
  const listening = parts.flatMap(({ name, at }) => (at === undefined ? [] : [[name, at] as const]));
  return listening.length === 0 ? {} : { listening: Object.fromEntries(listening) };
}

/** A part that ends without having been told to is a failure, too. */
async function endOf({ name, ended }: Running): Promise<never> {
  await ended;
  throw new Error(`the ${name} ended`);
}
