import { z } from 'zod';

// Values as people write them: YAML has numbers where texts are meant (`name: 2016`), and texts where numbers are (`size: "3"`).

export const text = z.union([z.string(), z.number()], { error: 'must be a text.' }).transform(String);

export const noNumber = { error: 'must be a number.' };
export const number = z.union([z.number(), z.string().regex(/^\d+(\.\d+)?$/, noNumber)], noNumber).transform(Number);

export const count = (least = 0, most = Number.POSITIVE_INFINITY) => {
  const error = `must be a whole number ${Number.isFinite(most) ? `from ${least} to ${most}` : `of at least ${least}`}.`;
  return number.pipe(z.number({ error }).int({ error, abort: true }).min(least, { error }).max(most, { error }));
};

/** One, or a list of them. */
export const words = z
  .union([text, z.array(text)], { error: 'must be a text or a list of texts.' })
  .transform((value) => [value].flat());

export const yes = z.union([z.boolean(), z.stringbool()], { error: 'must be true or false.' });

export const mapping = { error: 'must be a mapping of keys to values.' };
