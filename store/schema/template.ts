import { integer, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core';
import type { NodeName, Sha256, Vni } from '../../domain/ids.ts';
import type { MiB } from '../../domain/units.ts';
import type { Selector } from '../../domain/vm.ts';

export const systemTemplates = sqliteTable('system_templates', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull().unique(),
  vcpus: integer('vcpus').notNull(),
  memory: integer('memory').$type<MiB>().notNull(),
  serial: integer('serial', { mode: 'boolean' }).notNull(),
  vnc: integer('vnc', { mode: 'boolean' }).notNull(),
  vncBind: text('vnc_bind'),
  nodeLimit: text('node_limit', { mode: 'json' }).$type<readonly NodeName[]>(),
  nodeSelector: text('node_selector').$type<Selector>(),
  nodeAutostart: integer('node_autostart', { mode: 'boolean' }).notNull(),
  migrationMethod: text('migration_method'),
  migrationMaxDowntimeMs: integer('migration_max_downtime_ms'),
});

export const networkTemplates = sqliteTable('network_templates', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull().unique(),
  macTemplate: text('mac_template'),
});

export const networkTemplateNets = sqliteTable('network_template_nets', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  templateId: integer('template_id')
    .notNull()
    .references(() => networkTemplates.id, { onDelete: 'cascade' }),
  vni: integer('vni').$type<Vni>().notNull(),
});

export const storageTemplates = sqliteTable('storage_templates', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull().unique(),
});

export const storageTemplateDisks = sqliteTable(
  'storage_template_disks',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    templateId: integer('template_id')
      .notNull()
      .references(() => storageTemplates.id, { onDelete: 'cascade' }),
    diskId: text('disk_id').notNull(),
    pool: text('pool').notNull(),
    size: integer('size').$type<MiB>(),
    filesystem: text('filesystem'),
    filesystemArgs: text('filesystem_args', { mode: 'json' }).$type<readonly string[]>().notNull(),
    mountpoint: text('mountpoint'),
    sourceVolume: text('source_volume'),
  },
  (t) => [unique('storage_template_disk').on(t.templateId, t.diskId)],
);

/** Contents of scripts and user-data by their SHA-256: what a VM was accepted with stays what it gets. */
export const textContents = sqliteTable('text_contents', {
  sha256: text('sha256').$type<Sha256>().primaryKey(),
  text: text('text').notNull(),
});

export const texts = sqliteTable(
  'texts',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    kind: text('kind').$type<'userdata' | 'script'>().notNull(),
    name: text('name').notNull(),
    sha256: text('sha256')
      .$type<Sha256>()
      .notNull()
      .references(() => textContents.sha256),
  },
  (t) => [unique('text_name').on(t.kind, t.name)],
);
