import type { TextTemplate } from '../../../domain/profile.ts';
import type { TextService } from '../../core/template/text.ts';
import type { Route } from '../../http/route.ts';
import { z } from '../../http/zod.ts';
import { textRoutes } from './text.ts';

export const UserdataObject = z.object({ id: z.int(), name: z.string(), userdata: z.string() }).openapi('Userdata');

export const toUserdata = ({ id, name, text }: TextTemplate): z.output<typeof UserdataObject> => ({
  id,
  name,
  userdata: text,
});

/** User-data: what cloud-init gets, under the manual's path and the later one. */
export const userdataRoutes = (templates: TextService): readonly Route[] =>
  textRoutes(templates, {
    kind: 'userdata',
    tag: 'provisioner / userdata',
    paths: ['/provisioner/userdata', '/provisioner/template/userdata'],
    schema: UserdataObject,
    toObject: toUserdata,
  });
