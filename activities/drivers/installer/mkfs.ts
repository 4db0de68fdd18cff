import { invalid } from '../../../domain/fault.ts';
import { mkfsProgram } from '../../../domain/volume.ts';

/** Option by which each mkfs overwrites what is there and accepts a file; none for the others. */
const FORCE: Readonly<Record<string, readonly string[]>> = {
  ext2: ['-q', '-F'],
  ext3: ['-q', '-F'],
  ext4: ['-q', '-F'],
  xfs: ['-q', '-f'],
  btrfs: ['-q', '-f'],
  ntfs: ['-q', '-F'],
};

/**
 * Words for mkfs from a template's filesystem arguments, by PVC's rule: `-L=root` and `opt=val` are two words each, split at the
 * first '='; `--opt=val` and words without '=' stay one.
 */
export const mkfsWords = (args: readonly string[]): readonly string[] =>
  args.flatMap((arg) => {
    const at = arg.indexOf('=');
    return arg.startsWith('--') || at < 1 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
  });

/** Command line of mkfs, without the disk. */
export function mkfsCommand(filesystem: string, args: readonly string[]): readonly string[] {
  if (!/^[a-z0-9]+$/.test(filesystem)) throw invalid('filesystem', `'${filesystem}' is no filesystem.`);
  return [mkfsProgram(filesystem), ...(FORCE[filesystem] ?? []), ...mkfsWords(args)];
}
