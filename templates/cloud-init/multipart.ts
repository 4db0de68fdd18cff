/** As far as cloud-init looks for a MIME document's mark (`convert_string` of its user_data.py), in bytes. */
const HEAD = 4096;
const MARK = /mime-version:/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII, with its control characters.
const NOT_ASCII = /[^\x00-\x7f]/;

/**
 * Why cloud-init would not read this text as it is written; null: nothing of it is lost. Of a MIME document it reads
 * other characters than ASCII as Latin-1, whatever its headers say, and leaves out a part that is no UTF-8 then: without a word.
 */
export function whyLost(text: string): string | null {
  const at = text.search(NOT_ASCII);
  if (at < 0 || !MARK.test(Buffer.from(text).subarray(0, HEAD).toString())) return null;
  const line = text.slice(0, at).split('\n').length;
  return `line ${line} has a character other than ASCII, and of a multi-part document cloud-init reads only those. Give that part a Content-Transfer-Encoding of base64 or quoted-printable, or write the user-data as a single part.`;
}
