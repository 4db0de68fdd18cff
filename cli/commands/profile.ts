import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { invalid } from '../../domain/fault.ts';
import { part } from '../client/part.ts';
import { table } from '../client/table.ts';
import { PROFILE_FILE, readProfile, writeProfile } from '../profile/directory.ts';
import { removeWithParts } from '../profile/remove.ts';
import { apiOf, type ClientOptions, clientCommand, printJson, printLine, scriptArgument } from './client.ts';

const ProfileRow = z.looseObject({
  name: z.string(),
  system_template: z.string().nullish(),
  network_template: z.string().nullish(),
  storage_template: z.string().nullish(),
  script: z.string().nullish(),
  userdata: z.string().nullish(),
  arguments: z.array(z.string()).default([]),
});
type ProfileRow = z.infer<typeof ProfileRow>;

const COLUMNS = {
  NAME: (profile: ProfileRow) => profile.name,
  SYSTEM: (profile: ProfileRow) => profile.system_template,
  NETWORK: (profile: ProfileRow) => profile.network_template,
  STORAGE: (profile: ProfileRow) => profile.storage_template,
  SCRIPT: (profile: ProfileRow) => profile.script,
  USERDATA: (profile: ProfileRow) => profile.userdata,
  ARGUMENTS: (profile: ProfileRow) => profile.arguments.join(' '),
};

const EXAMPLES = `
Examples:
  slipway profile export debian-12 ./my-debian     a directory to edit: profile.yaml, script.py, userdata.yaml
  slipway profile check ./my-debian                every mistake in it, nothing sent anywhere
  slipway profile apply ./my-debian
  slipway profile render my-debian web1            what VM web1 would get; makes nothing`;

const CHECKED = `
Looks at profile.yaml's keys and values, at the files it names, at the script's functions and, where there is a python3,
its grammar, and fills the user-data of an example VM with the profile's own arguments.
Not looked at, since only the API can tell: whether networks, storage pools, volumes and nodes are there and have room,
and which names and MAC addresses are taken. Nothing of the script is run.
Ends with status 64 if there is a mistake.`;

/** `slipway profile …`. */
export function profileCommand(): Command {
  return new Command('profile')
    .description('What VMs are made from')
    .addHelpText('after', EXAMPLES)
    .addCommand(list())
    .addCommand(show())
    .addCommand(apply())
    .addCommand(exportTo())
    .addCommand(check())
    .addCommand(render())
    .addCommand(remove());
}

const list = (): Command =>
  clientCommand('list', 'all profiles').action(async (options: ClientOptions) => {
    const answer = await apiOf(options).get('/provisioner/profile');
    if (options.json) return printJson(answer);
    printLine(table(COLUMNS, z.array(ProfileRow).parse(answer), 'No profiles yet: slipway profile apply DIR'));
  });

const show = (): Command =>
  clientCommand('show', 'one profile')
    .argument('<name>')
    .action(async (name: string, options: ClientOptions) => {
      const answer = await apiOf(options).get(`/provisioner/profile/${part(name)}`);
      if (options.json) return printJson(answer);
      printLine(table(COLUMNS, z.array(ProfileRow).parse(answer), ''));
    });

const apply = (): Command =>
  clientCommand('apply', 'make a profile and its parts what a directory says')
    .argument('<dir>')
    .action(async (dir: string, options: ClientOptions) => {
      const { checkProfile } = await checks();
      // An argument without a default can be given to each creation.
      const { document, mistakes } = await checkProfile(dir);
      refuse(dir, mistakes);
      const answer = await apiOf(options).post('/provisioner/profile/apply', document);
      if (options.json) return printJson(answer);
      printLine(`Applied. Make a VM of it: slipway vm create NAME --profile ${document?.name} --watch`);
    });

const exportTo = (): Command =>
  clientCommand('export', 'write a profile as a directory')
    .argument('<name>')
    .argument('<dir>')
    .action(async (name: string, dir: string, options: ClientOptions) => {
      const answer = await apiOf(options).get(`/provisioner/profile/${part(name)}/export`);
      writeProfile(dir, z.looseObject({ name: z.string() }).parse(answer));
      if (options.json) return printJson(answer);
      printLine(`Wrote ${dir}. After editing: slipway profile apply ${dir}`);
    });

const remove = (): Command =>
  clientCommand('delete', 'remove a profile; its templates, script and user-data stay, and VMs made from it')
    .argument('<name>')
    .option('--parts', 'its templates, script and user-data, too, as far as no other profile is made from them')
    .action(async (name: string, options: ClientOptions & { parts?: boolean }) => {
      if (options.parts) {
        const removed = await removeWithParts(apiOf(options), name);
        if (options.json) return printJson({ removed });
        return printLine(`Removed profile '${name}'${removed.map((path) => `\n  ${path}`).join('')}`);
      }
      const answer = await apiOf(options).delete(`/provisioner/profile/${part(name)}`);
      if (options.json) return printJson(answer);
      printLine((answer as { message: string }).message);
    });

/** Loaded when it is asked for: the API's own rules come with it. */
const checks = () => import('../profile/check.ts');

const check = (): Command =>
  new Command('check')
    .description('name every mistake in a profile directory; needs no API')
    .argument('<dir>')
    .option('--json', 'print document and mistakes')
    .addHelpText('after', CHECKED)
    .action(async (dir: string, options: { json?: boolean }) => {
      const { checkProfile } = await checks();
      const { document, notes, ...found } = await checkProfile(dir);
      const mistakes = [...found.mistakes, ...found.undefaulted];
      if (options.json) printJson({ document, mistakes, notes });
      else for (const note of notes) printLine(note);
      refuse(dir, mistakes);
      if (!options.json) printLine(`Profile '${document?.name}' is well-formed.`);
    });

function refuse(dir: string, mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw invalid(dir, ['not what a profile is:', ...mistakes].join('\n  '));
}

const Rendered = z.looseObject({
  xml: z.string(),
  userdata: z.string(),
  metadata: z.string(),
  commands: z.array(z.string()),
});

const render = (): Command =>
  clientCommand('render', 'what a VM would get: domain XML, user-data, commands; makes nothing')
    .argument('<profile>', 'name of a profile, or a directory of one that need not be applied')
    .argument('<vm>', 'name the VM would have')
    .option('--arg <name=value>', "argument of the profile's script; may be repeated", scriptArgument)
    .action(async (ref: string, vm: string, options: ClientOptions & { arg?: readonly string[] }) => {
      const api = apiOf(options);
      const document = existsSync(join(ref, PROFILE_FILE)) ? readProfile(ref) : undefined;
      const body = { name: vm, ...(options.arg ? { arg: options.arg } : {}), ...(document ? { document } : {}) };
      const answer = await api.post(`/provisioner/profile/${part(document?.name ?? ref)}/render`, body);
      if (options.json) return printJson(answer);
      const { xml, userdata, metadata, commands } = Rendered.parse(answer);
      const parts = { 'domain XML': xml, 'user-data': userdata, 'meta-data': metadata, commands: commands.join('\n') };
      for (const [heading, text] of Object.entries(parts)) printLine(`--- ${heading}\n${text}\n`);
    });
