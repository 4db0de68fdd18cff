import type { z } from 'zod';
import type { Mistake } from '../../api/core/template/check.ts';
import { profileDocument, profileDraft } from '../../api/dialects/pvc/profile-document.ts';
import { plainWords } from '../../api/http/plain-words.ts';

export type ProfileFileDocument = z.infer<typeof profileDocument>;

/** What the schema says of the values of a profile.yaml. */
export interface Draft {
  /** Null if it refuses anything. */
  readonly document: ProfileFileDocument | null;
  readonly mistakes: readonly Mistake[];
  /** The values without those that it refuses. */
  readonly draft: z.infer<typeof profileDraft>;
  /** Whether there is no telling what is meant to stand at a key: it is refused, or others of its place are not known. */
  isOpen(key: string): boolean;
}

export function readDraft(values: object): Draft {
  const { data, error } = profileDocument.safeParse(values, { error: plainWords });
  const issues = error?.issues ?? [];
  const sound = structuredClone(values);
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) takeOut(sound, [...issue.path, key]);
    else takeOut(sound, issue.path);
  }
  return {
    document: data ?? null,
    mistakes: issues.map(({ path, message }) => ({ field: path.join('.'), why: message })),
    draft: data ?? profileDraft.parse(sound),
    isOpen: (key) =>
      issues.some(({ code, path }) => {
        const place = path.join('.');
        if (code === 'unrecognized_keys') return key.slice(0, Math.max(0, key.lastIndexOf('.'))) === place;
        return key === place || key.startsWith(`${place}.`);
      }),
  };
}

/** Of a list all goes, except that disks keep their places. */
function takeOut(from: unknown, [key, ...rest]: readonly PropertyKey[], path: readonly PropertyKey[] = []): void {
  if (typeof from !== 'object' || from === null || key === undefined) return;
  const parent = from as Record<PropertyKey, unknown>;
  const value = parent[key];
  if (Array.isArray(value) && rest.length === 1) {
    if (key === 'disks' && path.length === 0) value[Number(rest[0])] = {};
    else delete parent[key];
  } else if (rest.length === 0) delete parent[key];
  else takeOut(value, rest, [...path, key]);
}
