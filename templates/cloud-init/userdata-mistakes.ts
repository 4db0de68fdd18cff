import type { Guest } from '../../domain/guest.ts';
import { unknownCalls } from './calls.ts';
import { engine, type Place, STRICT } from './engine.ts';
import { FILL_MS, hasHoles, variables } from './userdata.ts';
import { holds, missingIn, noHelper, whyNot } from './userdata-fault.ts';
import { withinTime } from './within-time.ts';

export interface UserdataMistake {
  readonly why: string;
  /** What has no value, as the text writes it, if it is that. */
  readonly hole?: string;
}

/** Each is found by filling the whole text anew; nobody reads more. */
const MOST = 50;

/** Every hole of the guest's user-data that cannot be filled (the first fifty), and whatever else keeps it from being made; or the text that is made. */
export function tryUserdata(guest: Guest): {
  readonly text: string | null;
  readonly mistakes: readonly UserdataMistake[];
} {
  const text = guest.userdata ?? '';
  if (!hasHoles(text)) return { text, mistakes: [] };
  const mistakes: UserdataMistake[] = [];
  const cuts: Place['start'][] = [];
  try {
    for (const call of withinTime(FILL_MS, () => unknownCalls(text))) {
      mistakes.push({ why: noHelper(call) });
      cuts.push(call.loc.start);
    }
  } catch (error) {
    return { text: null, mistakes: [{ why: whyNot(text, error) }] };
  }
  for (;;) {
    try {
      const made = withinTime(FILL_MS, () => filled(text, cuts, guest));
      return { text: mistakes.length > 0 ? null : made, mistakes };
    } catch (error) {
      const missing = missingIn(text, error);
      mistakes.push({ why: whyNot(text, error), ...(missing && { hole: missing.name }) });
      const { start } = missing ?? {};
      // Met again although it was taken out: there is no going on.
      if (
        !start ||
        mistakes.length >= MOST ||
        cuts.some(({ line, column }) => line === start.line && column === start.column)
      )
        return { text: null, mistakes };
      cuts.push(start);
    }
  }
}

/** The text without what stands at `cuts`. */
function filled(text: string, cuts: readonly Place['start'][], guest: Guest): string {
  const program = engine.parseWithoutProcessing(text);
  for (const point of cuts) program.body = without(program.body, point);
  return engine.compile(program, STRICT)(variables(guest));
}

/** These statements without the hole at `point`; of a block that asks for it, what may be kept. */
function without(body: readonly hbs.AST.Statement[], point: Place['start']): hbs.AST.Statement[] {
  return body.flatMap((statement) => {
    if (!holds(statement.loc, point)) return [statement];
    return statement.type === 'BlockStatement' ? inBlock(statement as hbs.AST.BlockStatement, point) : [];
  });
}

function inBlock(block: hbs.AST.BlockStatement, point: Place['start']): hbs.AST.Statement[] {
  const parts = [block.program, block.inverse].filter((part) => part !== undefined && part !== null);
  const part = parts.find(({ loc }) => loc && holds(loc, point));
  if (part) {
    part.body = without(part.body, point);
    return [block];
  }
  // The holes of both branches; what `each` and `with` would have made the context of theirs is not known.
  const { original } = block.path as hbs.AST.PathExpression;
  return original === 'if' || original === 'unless' ? parts.flatMap(({ body }) => body) : [];
}
