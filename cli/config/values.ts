import { isIP } from 'node:net';
import { z } from 'zod';

/** A number, or its digits as text, as PVC's manual writes them; not what JavaScript makes one of: true, "", null, []. */
export const numeric = (range: z.ZodNumber) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,9}(\.\d{1,9})?$/)
          .transform(Number),
      ],
      { error: 'must be a number' },
    )
    .pipe(range);

/** A port to listen on; 0 means any free one. */
export const Port = numeric(z.number().int().min(0).max(65_535));

/** A last label of digits alone is an address with a mistake, not a name. */
const HOST_NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** An IP address or the name of a host. */
export const Address = z
  .string()
  .refine((text) => isIP(text) !== 0 || HOST_NAME.test(text), 'is no address and no host name, such as 127.0.0.1');

/** Text that goes into headers, lists and terminals. */
export const Line = z
  .string()
  .min(1)
  .regex(/^\P{Cc}*$/u, 'must have no line break and no other control character');

/** YAML's flags, and the words that PVC's configuration files use besides. */
export const Flag = z.union(
  [z.boolean(), z.stringbool({ truthy: ['true', 'yes', 'on', '1'], falsy: ['false', 'no', 'off', '0'] })],
  { error: "must be true or false (yes, no, on, off, '1' and '0' are understood too)" },
);
