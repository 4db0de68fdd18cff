import { parseDocument } from 'yaml';
import { run } from '../../activities/drivers/run.ts';
import { profileMistakes } from '../../api/core/profile-mistakes.ts';
import { DomainError } from '../../domain/fault.ts';
import type { Guest } from '../../domain/guest.ts';
import type { Mac, NodeName, VmId, Vni } from '../../domain/ids.ts';
import { renderUserdata } from '../../templates/cloud-init/userdata.ts';
import { type ProfileFileDocument, parseProfile } from './directory.ts';

export interface Checked {
  /** Null if it cannot be read as one. */
  readonly document: ProfileFileDocument | null;
  /** One sentence each; none if the profile can be applied as far as can be told without the API. */
  readonly mistakes: readonly string[];
  /** What was not looked at, and why. */
  readonly notes: readonly string[];
}

// Reads the text, runs nothing of it; prints the first mistake.
const PARSE = `
import ast, sys
try:
    ast.parse(sys.stdin.buffer.read().decode())
except SyntaxError as error:
    print(f'line {error.lineno}: {error.msg}.' if error.lineno else f'{error.msg}.')
except (ValueError, RecursionError, MemoryError) as error:
    print(f'{str(error) or "it is nested too deeply"}.')
`;

/** Names every mistake in a profile directory: its files, its values, the script's grammar, the user-data with every hole filled. */
export async function checkProfile(dir: string): Promise<Checked> {
  const { document, mistakes, script } = parseProfile(dir);
  const python = script === undefined ? NOTHING : await checkPython(script);
  if (document === null) return { document, mistakes: [...mistakes, ...python.mistakes], notes: python.notes };
  const userdata = checkUserdata(document);
  return {
    document,
    mistakes: [...profileMistakes(document), ...python.mistakes, ...userdata.undefaulted, ...userdata.mistakes],
    notes: python.notes,
  };
}

type Findings = Pick<Checked, 'mistakes' | 'notes'>;
const NOTHING: Findings = { mistakes: [], notes: [] };

async function checkPython(script: string): Promise<Findings> {
  try {
    const { stdout } = await run(['python3', '-I', '-c', PARSE], { input: script });
    return stdout === '' ? NOTHING : { mistakes: [`script: ${stdout.trim()}`], notes: [] };
  } catch (error) {
    if (!(error instanceof DomainError) || error.fault.kind !== 'unavailable') throw error;
    return { mistakes: [], notes: ['There is no python3 here: the grammar of the script was not checked.'] };
  }
}

/** A guest as a profile's author may expect it. */
const sample = ({ name, networks = [], userdata, arguments: args = {} }: ProfileFileDocument): Guest => ({
  id: '00000000-0000-4000-8000-000000000000' as VmId,
  name: 'example1',
  node: 'example' as NodeName,
  profile: name,
  args,
  userdata: userdata ?? null,
  nics: networks.map((vni, index) => ({
    vni: vni as Vni,
    mac: `52:54:00:00:00:${(16 + (index % 200)).toString(16)}` as Mac,
    ip: '192.0.2.10',
    network: '192.0.2.0/24',
    gateway: '192.0.2.1',
    dhcp: true,
    nameServers: ['192.0.2.1'],
    domain: 'example.internal',
    mtu: null,
  })),
});

export interface UserdataFindings {
  /** Holes that only an argument of the creation can fill, one sentence each. */
  readonly undefaulted: readonly string[];
  /** What no argument mends. */
  readonly mistakes: readonly string[];
}

const UNDEFAULTED = /there is no value for 'args\.(\w+)'/;

/** Fills every hole of the user-data, with nothing where an argument has no default. */
export function checkUserdata(document: ProfileFileDocument): UserdataFindings {
  const args: Record<string, string> = { ...document.arguments };
  const undefaulted: string[] = [];
  for (;;) {
    try {
      const text = renderUserdata(sample({ ...document, arguments: args }));
      // What such an argument will be decides whether it is YAML.
      return { undefaulted, mistakes: undefaulted.length > 0 ? [] : yamlMistakes(text) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const name = UNDEFAULTED.exec(error.message)?.[1];
      if (name === undefined || name in args) return { undefaulted, mistakes: [error.message] };
      args[name] = '';
      undefaulted.push(`${error.message} Give it a default under \`arguments\`.`);
    }
  }
}

function yamlMistakes(text: string): readonly string[] {
  if (!text.startsWith('#cloud-config')) return [];
  return parseDocument(text).errors.map(
    ({ message }) => `userdata: with its holes filled it is no YAML: ${message.split('\n')[0]}`,
  );
}
