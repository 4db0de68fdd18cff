import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Role } from '../../domain/principal.ts';

export const tokens = sqliteTable('tokens', {
  id: text('id').primaryKey(),
  /** SHA-256 in hex of the token's text. */
  hash: text('hash').notNull().unique(),
  description: text('description').notNull(),
  role: text('role').$type<Role>().notNull(),
  tenant: text('tenant').notNull(),
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
