import { parseDocument } from 'yaml';
import { run } from '../../activities/drivers/run.ts';
import { type ProfileDraft, profileMistakes } from '../../api/core/profile/mistakes.ts';
import { DomainError } from '../../domain/fault.ts';
import type { Guest } from '../../domain/guest.ts';
import type { Mac, NodeName, VmId, Vni } from '../../domain/ids.ts';
import { whyLost } from '../../templates/cloud-init/multipart.ts';
import { tryUserdata } from '../../templates/cloud-init/userdata-mistakes.ts';
import { parseProfile } from './directory.ts';
import type { ProfileFileDocument } from './draft.ts';

export interface Checked {
  /** Null if it cannot be read as one. */
  readonly document: ProfileFileDocument | null;
  /** One sentence each; none if the profile can be applied as far as can be told without the API. */
  readonly mistakes: readonly string[];
  /** Holes of the user-data that only an argument of each creation can fill, one sentence each. */
  readonly undefaulted: readonly string[];
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
  const { document, mistakes, rest } = parseProfile(dir);
  if (rest === undefined) return { document, mistakes, undefaulted: [], notes: [] };
  const { draft, isOpen } = rest;
  const python = draft.script === undefined ? NOTHING : await checkPython(draft.script);
  const userdata = checkUserdata(draft, isOpen);
  const rules = profileMistakes(draft, isOpen).map(({ field, why }) => `${field}: ${why}`);
  return {
    document,
    mistakes: [...mistakes, ...rules, ...python.mistakes, ...userdata.mistakes],
    undefaulted: userdata.undefaulted,
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
const sample = ({ name = 'example', networks = [], userdata, arguments: args = {} }: ProfileDraft): Guest => ({
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

/** An argument, however the text gets at it. */
const ARGUMENT = /^(?:@root\.|(?:\.\.\/)+)?args\.(\w+)$|^\(?lookup args "(\w+)"\)?$/;

/** Fills every hole of the user-data. `isOpen`: whether a key of the profile is not known, so that its holes may be filled. */
function checkUserdata(
  draft: ProfileDraft,
  isOpen: (key: string) => boolean,
): Pick<Checked, 'mistakes' | 'undefaulted'> {
  const { text, mistakes } = tryUserdata(sample(draft));
  const undefaulted = new Map<string, string>();
  const others: string[] = [];
  for (const { why, hole } of mistakes) {
    const [, name, looked = name] = ARGUMENT.exec(hole ?? '') ?? [];
    if (looked === undefined) {
      if (!(hole?.startsWith('networks') && isOpen('networks'))) others.push(`userdata: ${why}`);
    } else if (!isOpen(`arguments.${looked}`) && !undefaulted.has(looked))
      undefaulted.set(looked, `userdata: ${why} Give it a default under \`arguments\`.`);
  }
  // What such an argument will be decides whether it is YAML.
  return {
    undefaulted: [...undefaulted.values()],
    mistakes: [...others, ...(text === null ? [] : filledMistakes(text))],
  };
}

function filledMistakes(text: string): readonly string[] {
  const lost = whyLost(text);
  if (lost !== null) return [`userdata: ${lost}`];
  if (!text.startsWith('#cloud-config')) return [];
  return parseDocument(text).errors.map(
    ({ message }) => `userdata: with its holes filled it is no YAML: ${message.split('\n')[0]}`,
  );
}
