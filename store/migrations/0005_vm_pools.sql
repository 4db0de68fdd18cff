CREATE TABLE `users` (
	`name` text PRIMARY KEY NOT NULL,
	`password` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `vm_operations` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`task` text NOT NULL,
	`vm` text NOT NULL,
	`kind` text NOT NULL,
	`argument` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`task`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`vm`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `vm_operations_task_unique` ON `vm_operations` (`task`);--> statement-breakpoint
CREATE INDEX `operation_vm` ON `vm_operations` (`vm`,`seq`);--> statement-breakpoint
CREATE TABLE `vm_snapshots` (
	`id` text PRIMARY KEY NOT NULL,
	`vm` text NOT NULL,
	`name` text,
	`state` text NOT NULL,
	`failed_reason` text,
	`created_at` integer NOT NULL,
	`ready_at` integer,
	FOREIGN KEY (`vm`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `snapshot_name` ON `vm_snapshots` (`vm`,`name`);--> statement-breakpoint
CREATE TABLE `pool_days` (
	`day` text NOT NULL,
	`kind` text NOT NULL,
	`pool` text NOT NULL,
	`count` integer NOT NULL,
	`total` real NOT NULL,
	`min` real NOT NULL,
	`max` real NOT NULL,
	PRIMARY KEY(`day`, `kind`, `pool`)
);
--> statement-breakpoint
CREATE TABLE `pool_entries` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`vm` text NOT NULL,
	`name` text NOT NULL,
	`pool` text NOT NULL,
	`state` text NOT NULL,
	`task` text NOT NULL,
	`request` text,
	`started_at` integer NOT NULL,
	`cloned_at` integer,
	`ready_at` integer,
	`checked_out_at` integer,
	`completed_at` integer,
	`destroyed_at` integer,
	`probed_at` integer,
	`token_id` text,
	`user` text,
	`lifetime_hours` integer,
	`expires_at` integer,
	`tags` text NOT NULL,
	`reason` text,
	`failed` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pool_entries_vm_unique` ON `pool_entries` (`vm`);--> statement-breakpoint
CREATE UNIQUE INDEX `pool_entries_name_unique` ON `pool_entries` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `pool_entries_task_unique` ON `pool_entries` (`task`);--> statement-breakpoint
CREATE INDEX `pool_entry_state` ON `pool_entries` (`pool`,`state`,`ready_at`);--> statement-breakpoint
CREATE INDEX `pool_entry_token` ON `pool_entries` (`token_id`,`state`);--> statement-breakpoint
CREATE INDEX `pool_entry_request` ON `pool_entries` (`request`);--> statement-breakpoint
CREATE INDEX `pool_entry_destroyed` ON `pool_entries` (`state`,`destroyed_at`,`pool`);--> statement-breakpoint
CREATE INDEX `pool_entry_failed` ON `pool_entries` (`completed_at`) WHERE failed = 1;--> statement-breakpoint
CREATE TABLE `pool_history` (
	`pool` text NOT NULL,
	`at` integer NOT NULL,
	`ready` integer NOT NULL,
	`running` integer NOT NULL,
	`size` integer NOT NULL,
	PRIMARY KEY(`pool`, `at`)
);
--> statement-breakpoint
CREATE TABLE `pool_requests` (
	`id` text PRIMARY KEY NOT NULL,
	`wants` text NOT NULL,
	`state` text NOT NULL,
	`message` text,
	`token_id` text,
	`user` text,
	`failures` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `pool_request_state` ON `pool_requests` (`state`,`expires_at`);--> statement-breakpoint
CREATE TABLE `pool_tag_days` (
	`day` text NOT NULL,
	`vm` text NOT NULL,
	`tag` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`day`, `vm`, `tag`)
);
--> statement-breakpoint
CREATE TABLE `pool_totals` (
	`pool` text NOT NULL,
	`kind` text NOT NULL,
	`bucket` integer NOT NULL,
	`count` integer NOT NULL,
	`total` real NOT NULL,
	PRIMARY KEY(`pool`, `kind`, `bucket`)
);
--> statement-breakpoint
CREATE TABLE `pool_waits` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`pools` text NOT NULL,
	`alive_until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `vm_pool_aliases` (
	`alias` text NOT NULL,
	`pool` text NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`alias`, `pool`),
	FOREIGN KEY (`pool`) REFERENCES `vm_pools`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `vm_pool_alias_pool` ON `vm_pool_aliases` (`pool`);--> statement-breakpoint
CREATE TABLE `vm_pool_settings` (
	`id` integer PRIMARY KEY NOT NULL,
	`settings` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `vm_pools` (
	`name` text PRIMARY KEY NOT NULL,
	`template` text NOT NULL,
	`profile` text NOT NULL,
	`args` text NOT NULL,
	`size` integer NOT NULL,
	`clone_target` text,
	`timeout_min` integer,
	`ready_ttl_min` integer,
	`max_clones` integer,
	`lifetime_hours` integer,
	`max_lifetime_hours` integer,
	`probe_port` integer,
	`base_size` integer NOT NULL,
	`base_template` text NOT NULL,
	`base_clone_target` text,
	`failures` integer DEFAULT 0 NOT NULL,
	`last_error` text,
	`failed_at` integer,
	`retry_at` integer,
	`halted` integer DEFAULT false NOT NULL,
	`last_ready_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `tokens` ADD `user_name` text;--> statement-breakpoint
ALTER TABLE `tokens` ADD `last_used_at` integer;--> statement-breakpoint
ALTER TABLE `tokens` ADD `sealed` text;--> statement-breakpoint
CREATE INDEX `token_user` ON `tokens` (`user_name`);--> statement-breakpoint
ALTER TABLE `tasks` ADD `fault` text;--> statement-breakpoint
ALTER TABLE `volumes` ADD `added_at` integer;--> statement-breakpoint
CREATE INDEX `vm_changing` ON `vms` (`changing`);