import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { WaitFor } from '../../domain/vm.ts';
import { networkTemplates, storageTemplates, systemTemplates, texts } from './template.ts';

export const profiles = sqliteTable('profiles', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull().unique(),
  type: text('type').$type<'provisioner' | 'ova'>().notNull(),
  description: text('description').notNull().default(''),
  systemTemplateId: integer('system_template_id')
    .notNull()
    .references(() => systemTemplates.id),
  networkTemplateId: integer('network_template_id').references(() => networkTemplates.id),
  storageTemplateId: integer('storage_template_id').references(() => storageTemplates.id),
  userdataId: integer('userdata_id').references(() => texts.id),
  scriptId: integer('script_id').references(() => texts.id),
  arguments: text('arguments', { mode: 'json' }).$type<readonly string[]>().notNull(),
  wait: text('wait').$type<WaitFor>().notNull().default('running'),
});
