import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Role } from '../../domain/principal.ts';

export const tokens = sqliteTable(
  'tokens',
  {
    id: text('id').primaryKey(),
    /** SHA-256 in hex of the token's text. */
    hash: text('hash').notNull().unique(),
    description: text('description').notNull(),
    role: text('role').$type<Role>().notNull(),
    tenant: text('tenant').notNull(),
    createdAt: integer('created_at').notNull(),
    /** The person who issued it for themselves; null for the operators' own. */
    user: text('user_name'),
    /** Epoch milliseconds; null if it was never used. */
    lastUsedAt: integer('last_used_at'),
    /** The text, encrypted, of tokens that their owners may list; null for the operators' own. */
    sealed: text('sealed'),
  },
  (t) => [index('token_user').on(t.user)],
);

/** People that this installation itself knows. */
export const users = sqliteTable('users', {
  name: text('name').primaryKey(),
  /** scrypt, with its parameters and salt. */
  password: text('password').notNull(),
  role: text('role').$type<Role>().notNull(),
  createdAt: integer('created_at').notNull(),
});

export const sessions = sqliteTable(
  'sessions',
  {
    /** SHA-256 in hex of the session's text. */
    hash: text('hash').primaryKey(),
    tokenId: text('token_id')
      .notNull()
      .references(() => tokens.id, { onDelete: 'cascade' }),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [index('sessions_expiry').on(t.expiresAt)],
);
