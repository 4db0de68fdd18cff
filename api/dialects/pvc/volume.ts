import type { Volume } from '../../../domain/volume.ts';
import type { VolumeService } from '../../core/volume.ts';
import { type Route, route } from '../../http/route.ts';
import { optional } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { ACCEPTED, accepted, KEYED, keyOf, listOf, ok } from './answer.ts';
import { name } from './name.ts';

const VolumeObject = z
  .object({
    pool: z.string(),
    name: z.string(),
    size_mb: z.int().openapi({ description: 'MiB.' }),
    node: z.string(),
    vm: z.string().nullable().openapi({ description: 'VM that it belongs to; null where it outlived its VM.' }),
  })
  .openapi('Volume');

const toVolume = ({ size, ...volume }: Volume): z.output<typeof VolumeObject> => ({ ...volume, size_mb: size });

const tag = 'storage';

/** Volumes, whatever their pool is made of (beyond PVC, which knows those of Ceph). */
export const volumeRoutes = (volumes: VolumeService): readonly Route[] => [
  route(
    'get',
    '/storage/volume',
    {
      tag,
      summary: 'List volumes',
      description: 'Also those that a VM left behind which was removed without its disks.',
      values: z.object({ pool: optional(name('Only those of this storage pool.')) }),
      responses: listOf(VolumeObject),
    },
    async ({ values, principal }) => ok((await volumes.list(principal, values.pool)).map(toVolume)),
  ),
  route(
    'delete',
    '/storage/volume/:pool/:volume',
    {
      tag,
      summary: 'Remove a volume that no VM has',
      description: 'Refused while a VM has it or other volumes are its clones.',
      values: z.object({ pool: name('Storage pool.'), volume: name('Name of the volume.') }),
      headers: KEYED,
      responses: ACCEPTED,
    },
    async (context) => {
      const { pool, volume } = context.values;
      return accepted(context, await volumes.remove(context.principal, pool, volume, keyOf(context)));
    },
  ),
];
