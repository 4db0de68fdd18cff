/** A person that an authentication store vouches for. */
export interface Identity {
  readonly user: string;
  /** Whether the store itself makes them an administrator; the configuration may besides. */
  readonly admin: boolean;
}

/** Who knows people's names and passwords. */
export interface AuthenticationStore {
  /**
   * Null when name and password do not belong together; 'unavailable' when the store cannot be asked. `user` has passed
   * `accountName`; any password may come, also an empty one.
   */
  authenticate(user: string, password: string, signal: AbortSignal): Promise<Identity | null>;
}

/** Characters of a person's name. */
const LONGEST = 128;

/**
 * A person's name as it is kept: directories do not tell case, width, blanks around it or the number of those within apart, so neither does anything here.
 * Null for what can be nobody's name.
 * @example accountName(' J  Doe') // 'j doe'
 */
export function accountName(text: string): string | null {
  const name = text
    .normalize('NFKC')
    .trim()
    .replaceAll(/\p{Zs}+/gu, ' ')
    .toLowerCase();
  return name === '' || name.length > LONGEST || /\p{C}/u.test(name) ? null : name;
}

/** Names that people get in the table of users. */
export const USER_NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;
