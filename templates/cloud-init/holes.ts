import Handlebars from 'handlebars';

/** Helpers of the engine that want a value, for what is written without one. */
export const ALONE = 'what stands alone';
export const SECTION = 'a block of its own';

/** What Handlebars would do, and user-data may not. */
export class Refused extends Error {}

/** Nodes of a text within one another: two for each block, or `{{else if}}`. */
const DEEPEST = 500;
/** What one helper may be handed, and one block may name, as `each` and `with` do at most. */
const [MOST_HANDED, MOST_NAMED] = [20, 2];

/** Has each hole and block ask for a value, as Handlebars does not where it is looked up, or is of what a block has named. */
export class Holes extends Handlebars.Visitor {
  /** What the blocks around have named. */
  private readonly named: (readonly string[])[] = [];

  private depth = 0;
  private line = 1;

  override accept(node: hbs.AST.Node): void {
    this.depth += 1;
    // What stands within a block may have no place.
    this.line = node?.loc?.start.line ?? this.line;
    if (this.depth > DEEPEST) throw new Refused(`it is nested too deeply (line ${this.line})`);
    super.accept(node);
    this.depth -= 1;
  }

  override Program(node: hbs.AST.Program): void {
    this.named.push(node.blockParams ?? []);
    super.Program(node);
    this.named.pop();
  }

  override MustacheStatement(node: hbs.AST.MustacheStatement): void {
    bound(node);
    super.MustacheStatement(node);
    node.escaped = true;
    this.demand(node, ALONE);
  }

  override BlockStatement(node: hbs.AST.BlockStatement): void {
    bound(node);
    if ((node.program?.blockParams?.length ?? 0) > MOST_NAMED)
      throw new Refused(`a block has more than ${MOST_NAMED} names for what it holds (line ${node.loc.start.line})`);
    super.BlockStatement(node);
    this.demand(node, SECTION);
  }

  // They would be bounded by nothing.
  override PartialStatement = refusePartial;
  override PartialBlockStatement = refusePartial;
  override Decorator = refusePartial;
  override DecoratorBlock = refusePartial;

  override SubExpression(node: hbs.AST.SubExpression): void {
    bound(node);
    super.SubExpression(node);
  }

  private demand(node: Asking, helper: typeof ALONE | typeof SECTION): void {
    const { path, params, hash, loc } = node;
    if (this.isNamed(node)) hand(node, path, helper);
    else if ('original' in path && path.original === 'lookup' && params.length > 0) {
      const end = (params.at(-1) ?? path).loc.end;
      const asked = { type: 'SubExpression', path, params, hash, loc: { ...loc, start: path.loc.start, end } };
      hand(node, asked as hbs.AST.SubExpression, helper);
    }
  }

  private isNamed({ path, params }: Asking): boolean {
    if (!('parts' in path) || params.length > 0) return false;
    const { parts, depth, data, original } = path as hbs.AST.PathExpression;
    // As Handlebars tells it.
    const scoped = /^\.|this\b/.test(original);
    return depth === 0 && !data && !scoped && this.named.some((names) => names.includes(parts[0] ?? ''));
  }
}

type Asking = hbs.AST.MustacheStatement | hbs.AST.BlockStatement;

function bound({ params, hash, loc }: Asking | hbs.AST.SubExpression): void {
  if (params.length + (hash?.pairs.length ?? 0) > MOST_HANDED)
    throw new Refused(`a helper is handed more than ${MOST_HANDED} values (line ${loc.start.line})`);
}

/** Hands a value to a helper that wants it to be there. */
function hand(node: Asking, value: hbs.AST.Expression, helper: typeof ALONE | typeof SECTION): void {
  node.params = [value];
  node.path = { ...node.path, original: helper, parts: [helper], data: false } as hbs.AST.PathExpression;
}

function refusePartial({ loc }: hbs.AST.Node): void {
  throw new Refused(`there are no partials (line ${loc.start.line})`);
}
