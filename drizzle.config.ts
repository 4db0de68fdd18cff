import type { Config } from 'drizzle-kit';

/** `npx drizzle-kit generate` writes the next migration from the schema; it is applied when a process opens the store. */
export default {
  dialect: 'sqlite',
  schema: './store/schema/*.ts',
  out: './store/migrations',
} satisfies Config;
