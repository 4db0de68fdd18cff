import { notFound } from '../../../domain/fault.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { NameLimit } from '../../core/name-limit.ts';
import type { TemplateService } from '../../core/template.ts';
import { type Route, route } from '../../http/route.ts';
import { optional } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { objectOf, ok } from './answer.ts';
import { limit, name } from './name.ts';
import { NetworkTemplateObject, toNetworkTemplate } from './network-template.ts';
import { StorageTemplateObject, toStorageTemplate } from './storage-template.ts';
import { SystemTemplateObject, toSystemTemplate } from './system-template.ts';
import { toUserdata, UserdataObject } from './userdata.ts';

const Templates = z
  .object({
    system_templates: z.array(SystemTemplateObject),
    network_templates: z.array(NetworkTemplateObject),
    storage_templates: z.array(StorageTemplateObject),
    userdata_templates: z.array(UserdataObject),
  })
  .openapi('Templates');

/** Templates of every kind at once. */
export function templateRoutes(templates: TemplateService): readonly Route[] {
  const collect = async (who: Principal, wanted: NameLimit, exactly?: string): Promise<z.output<typeof Templates>> => {
    const [system, network, storage, userdata] = await Promise.all([
      templates.listSystem(who, wanted),
      templates.listNetwork(who, wanted),
      templates.listStorage(who, wanted),
      templates.listText(who, 'userdata', wanted),
    ]);
    const keep = (template: { readonly name: string }): boolean => exactly === undefined || template.name === exactly;
    return {
      system_templates: system.filter(keep).map(toSystemTemplate),
      network_templates: network.filter(keep).map(toNetworkTemplate),
      storage_templates: storage.filter(keep).map(toStorageTemplate),
      userdata_templates: userdata.filter(keep).map(toUserdata),
    };
  };
  const tag = 'provisioner / template';
  return [
    route(
      'get',
      '/provisioner/template',
      {
        tag,
        summary: 'List templates of every kind',
        values: z.object({ limit: optional(limit('name')) }),
        responses: objectOf(Templates),
      },
      async ({ values, principal }) => ok(await collect(principal, values.limit)),
    ),
    route(
      'get',
      '/provisioner/template/:name',
      {
        tag,
        summary: 'Show the templates of a name, whatever their kind',
        description:
          "Beyond PVC's routes, which the manual's own example GET /provisioner/template/net200+net300 is not one of.",
        values: z.object({ name: name('Name of the templates.') }),
        responses: objectOf(Templates),
      },
      async ({ values, principal }) => {
        const found = await collect(principal, undefined, values.name);
        if (Object.values(found).every((list) => list.length === 0)) throw notFound('template', values.name);
        return ok(found);
      },
    ),
  ];
}
