import Handlebars from 'handlebars';

/** Helpers of the engine that want a value, for what is written without one. */
export const ALONE = 'what stands alone';
export const SECTION = 'a block of its own';

/** What Handlebars would do, and user-data may not. */
export class Refused extends Error {}

/** Has each hole and block ask for a value, as Handlebars does not where it is looked up, or is of what a block has named. */
export class Holes extends Handlebars.Visitor {
  /** What the blocks around have named. */
  private readonly named: (readonly string[])[] = [];

  override Program(node: hbs.AST.Program): void {
    this.named.push(node.blockParams ?? []);
    super.Program(node);
    this.named.pop();
  }

  override MustacheStatement(node: hbs.AST.MustacheStatement): void {
    super.MustacheStatement(node);
    node.escaped = true;
    const { path, params, hash, loc } = node;
    if (this.isNamed(node)) hand(node, path, ALONE);
    else if ('original' in path && path.original === 'lookup' && params.length > 0) {
      const end = (params.at(-1) ?? path).loc.end;
      const asked = { type: 'SubExpression', path, params, hash, loc: { ...loc, start: path.loc.start, end } };
      hand(node, asked as hbs.AST.SubExpression, ALONE);
    }
  }

  override BlockStatement(node: hbs.AST.BlockStatement): void {
    super.BlockStatement(node);
    if (this.isNamed(node)) hand(node, node.path, SECTION);
  }

  // They would be bounded by nothing.
  override PartialStatement = refusePartial;
  override PartialBlockStatement = refusePartial;
  override Decorator = refusePartial;
  override DecoratorBlock = refusePartial;

  private isNamed({ path, params }: hbs.AST.MustacheStatement | hbs.AST.BlockStatement): boolean {
    if (!('parts' in path) || params.length > 0) return false;
    const { parts, depth, data, original } = path as hbs.AST.PathExpression;
    // As Handlebars tells it.
    const scoped = /^\.|this\b/.test(original);
    return depth === 0 && !data && !scoped && this.named.flat().includes(parts[0] ?? '');
  }
}

/** Hands a value to a helper that wants it to be there. */
function hand(
  node: hbs.AST.MustacheStatement | hbs.AST.BlockStatement,
  value: hbs.AST.Expression,
  helper: typeof ALONE | typeof SECTION,
): void {
  node.params = [value];
  node.path = { ...node.path, original: helper, parts: [helper], data: false } as hbs.AST.PathExpression;
}

function refusePartial({ loc }: hbs.AST.Node): void {
  throw new Refused(`there are no partials (line ${loc.start.line})`);
}
