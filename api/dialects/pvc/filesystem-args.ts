/**
 * PVC writes an argument to mkfs as `--opt=val` and gives mkfs two words. Quotes around it are a shell's, left over
 * inside double quotes as in the manual's own example.
 */
export const fromFilesystemArgs = (args: readonly string[]): readonly string[] =>
  args.flatMap((arg) => {
    const bare = /^'(.*)'$/s.exec(arg)?.[1] ?? arg;
    const at = bare.indexOf('=');
    return at > 0 && bare.startsWith('-') ? [bare.slice(0, at), bare.slice(at + 1)] : [bare];
  });

/** The words as PVC shows them: `--opt=val`, separated by blanks. */
export const toFilesystemArgs = (words: readonly string[]): string =>
  words
    .map((word, index) => {
      if (index === 0) return word;
      return `${!word.startsWith('-') && words[index - 1]?.startsWith('-') ? '=' : ' '}${word}`;
    })
    .join('');
