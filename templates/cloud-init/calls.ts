import Handlebars from 'handlebars';
import { engine, type Place } from './engine.ts';

/** One use of a helper, or what is written like one. */
export interface Call {
  readonly name: string;
  readonly loc: Place;
  /** Where its first parameter stands. */
  readonly asked: Place | undefined;
}

type CallNode = hbs.AST.MustacheStatement | hbs.AST.BlockStatement | hbs.AST.SubExpression;

/** Every call in a text that parses, in its order. */
export function callsOf(text: string): readonly Call[] {
  const calls: Call[] = [];
  const note = ({ loc, path, params, hash }: CallNode, always: boolean): void => {
    if (!always && params.length === 0 && hash === undefined) return;
    calls.push({ name: 'original' in path ? String(path.original) : '', loc, asked: params[0]?.loc });
  };
  class Calls extends Handlebars.Visitor {
    override MustacheStatement(node: hbs.AST.MustacheStatement): void {
      note(node, false);
      super.MustacheStatement(node);
    }
    override BlockStatement(node: hbs.AST.BlockStatement): void {
      note(node, false);
      super.BlockStatement(node);
    }
    override SubExpression(node: hbs.AST.SubExpression): void {
      note(node, true);
      super.SubExpression(node);
    }
  }
  new Calls().accept(engine.parse(text));
  return calls;
}

/** Calls of helpers that there are not. */
export const unknownCalls = (text: string): readonly Call[] =>
  callsOf(text).filter(({ name }) => !Object.hasOwn(engine.helpers, name));
