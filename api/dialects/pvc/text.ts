import type { TextTemplate } from '../../../domain/profile.ts';
import type { TextKind, TextService } from '../../core/template/text.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { optional, text } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, changed, listOf, ok } from './answer.ts';
import { limit, name } from './name.ts';

export interface TextResource {
  readonly kind: TextKind;
  readonly tag: string;
  /** Its collection's paths, the manual's and later ones. */
  readonly paths: readonly string[];
  readonly schema: z.ZodType;
  readonly toObject: (template: TextTemplate) => object;
}

const Filter = z.object({ limit: optional(limit('name')), name: optional(name('Only the one of this name.')) });
const Named = z.object({ name: name('Name.') });
const WithData = Named.extend({ data: text('The whole text; a body holds it better than a query.') });

/** The routes of scripts and user-data, which are texts by name. */
export function textRoutes(templates: TextService, resource: TextResource): readonly Route[] {
  const { kind, tag, schema, toObject } = resource;
  const create = async ({ values, principal }: Context<z.output<typeof WithData>>) => {
    await templates.createText(principal, kind, values.name, values.data);
    return changed(`Added ${kind} '${values.name}'.`, values.name);
  };
  const update = async ({ values, principal }: Context<z.output<typeof WithData>>) => {
    await templates.updateText(principal, kind, values.name, values.data);
    return changed(`Modified ${kind} '${values.name}'.`, values.name);
  };
  return resource.paths.flatMap((collection) => [
    route(
      'get',
      collection,
      { tag, summary: `List ${kind}s`, values: Filter, responses: listOf(schema) },
      async ({ values, principal }) => {
        const all = await templates.listText(principal, kind, values.limit);
        return ok(all.filter((one) => values.name === undefined || one.name === values.name).map(toObject));
      },
    ),
    route(
      'get',
      `${collection}/:name`,
      { tag, summary: `Show a ${kind}`, values: Named, responses: listOf(schema) },
      async ({ values, principal }) => ok([toObject(await templates.getText(principal, kind, values.name))]),
    ),
    ...[collection, `${collection}/:name`].flatMap((path) => [
      route('post', path, { tag, summary: `Create a ${kind}`, values: WithData, responses: CHANGED }, create),
      route('put', path, { tag, summary: `Replace a ${kind}`, values: WithData, responses: CHANGED }, update),
    ]),
    route(
      'delete',
      `${collection}/:name`,
      { tag, summary: `Remove a ${kind}`, values: Named, responses: CHANGED },
      async ({ values, principal }) => {
        await templates.removeText(principal, kind, values.name);
        return changed(`Removed ${kind} '${values.name}'.`, values.name);
      },
    ),
  ]);
}
