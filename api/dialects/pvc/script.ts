import type { TextTemplate } from '../../../domain/profile.ts';
import type { TextService } from '../../core/template/text.ts';
import type { Route } from '../../http/route.ts';
import { z } from '../../http/zod.ts';
import { textRoutes } from './text.ts';

const ScriptObject = z.object({ id: z.int(), name: z.string(), script: z.string() }).openapi('Script');

const toScript = ({ id, name, text }: TextTemplate): z.output<typeof ScriptObject> => ({ id, name, script: text });

/** Install scripts. */
export const scriptRoutes = (templates: TextService): readonly Route[] =>
  textRoutes(templates, {
    kind: 'script',
    tag: 'provisioner / script',
    paths: ['/provisioner/script'],
    schema: ScriptObject,
    toObject: toScript,
  });
