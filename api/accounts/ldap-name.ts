/** Characters that mean something in the text of a distinguished name (RFC 4514), or might to a lenient server. */
const SPECIAL = /[\\"+,;<>=]|^[ #]| $/g;

const hex = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');

/**
 * One `attribute=value` of a distinguished name; the value cannot end it or begin another.
 * @example relativeName('uid', 'a,dc=b') // 'uid=a\2cdc\3db'
 */
export const relativeName = (attribute: string, value: string): string =>
  `${attribute}=${value.replace(SPECIAL, hex).replace(/\p{Cc}/gu, hex)}`;
