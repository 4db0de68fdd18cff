CREATE TABLE `sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`token_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`token_id`) REFERENCES `tokens`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sessions_expiry` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`description` text NOT NULL,
	`role` text NOT NULL,
	`tenant` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_hash_unique` ON `tokens` (`hash`);--> statement-breakpoint
CREATE TABLE `networks` (
	`vni` integer PRIMARY KEY NOT NULL,
	`description` text NOT NULL,
	`type` text NOT NULL,
	`mtu` integer,
	`domain` text,
	`name_servers` text NOT NULL,
	`ip4_network` text,
	`ip4_gateway` text,
	`dhcp_start` text,
	`dhcp_end` text,
	`nat` integer NOT NULL,
	`removing` text
);
--> statement-breakpoint
CREATE TABLE `nodes` (
	`name` text PRIMARY KEY NOT NULL,
	`driver` text NOT NULL,
	`daemon_state` text NOT NULL,
	`coordinator_state` text NOT NULL,
	`domain_state` text NOT NULL,
	`facts` text NOT NULL,
	`load` real NOT NULL,
	`memory_used` integer NOT NULL,
	`memory_free` integer NOT NULL,
	`memory_other` integer NOT NULL,
	`seen_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pool_capacities` (
	`node` text NOT NULL,
	`pool` text NOT NULL,
	`total` integer NOT NULL,
	`free` integer NOT NULL,
	PRIMARY KEY(`node`, `pool`),
	FOREIGN KEY (`node`) REFERENCES `nodes`(`name`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `profiles` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`description` text DEFAULT '' NOT NULL,
	`system_template_id` integer NOT NULL,
	`network_template_id` integer,
	`storage_template_id` integer,
	`userdata_id` integer,
	`script_id` integer,
	`arguments` text NOT NULL,
	`wait` text DEFAULT 'running' NOT NULL,
	FOREIGN KEY (`system_template_id`) REFERENCES `system_templates`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`network_template_id`) REFERENCES `network_templates`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`storage_template_id`) REFERENCES `storage_templates`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`userdata_id`) REFERENCES `texts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`script_id`) REFERENCES `texts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `profiles_name_unique` ON `profiles` (`name`);--> statement-breakpoint
CREATE TABLE `task_log` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`task` text NOT NULL,
	`at` integer NOT NULL,
	`step` text NOT NULL,
	`text` text NOT NULL,
	FOREIGN KEY (`task`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `task_log_task` ON `task_log` (`task`,`seq`);--> statement-breakpoint
CREATE TABLE `tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`target` text NOT NULL,
	`tenant` text NOT NULL,
	`account` text NOT NULL,
	`run_on` text NOT NULL,
	`state` text NOT NULL,
	`current` integer NOT NULL,
	`total` integer NOT NULL,
	`status` text NOT NULL,
	`error` text,
	`input` text NOT NULL,
	`idempotency_key` text,
	`request_hash` text,
	`cancel_requested` integer NOT NULL,
	`workflow_started` integer NOT NULL,
	`cancel_sent` integer NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer
);
--> statement-breakpoint
CREATE INDEX `task_created` ON `tasks` (`created_at`);--> statement-breakpoint
CREATE INDEX `task_state` ON `tasks` (`state`);--> statement-breakpoint
CREATE UNIQUE INDEX `task_idempotency` ON `tasks` (`tenant`,`idempotency_key`);--> statement-breakpoint
CREATE TABLE `network_template_nets` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`template_id` integer NOT NULL,
	`vni` integer NOT NULL,
	FOREIGN KEY (`template_id`) REFERENCES `network_templates`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `network_templates` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`mac_template` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `network_templates_name_unique` ON `network_templates` (`name`);--> statement-breakpoint
CREATE TABLE `storage_template_disks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`template_id` integer NOT NULL,
	`disk_id` text NOT NULL,
	`pool` text NOT NULL,
	`size` integer,
	`filesystem` text,
	`filesystem_args` text NOT NULL,
	`mountpoint` text,
	`source_volume` text,
	FOREIGN KEY (`template_id`) REFERENCES `storage_templates`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `storage_template_disk` ON `storage_template_disks` (`template_id`,`disk_id`);--> statement-breakpoint
CREATE TABLE `storage_templates` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `storage_templates_name_unique` ON `storage_templates` (`name`);--> statement-breakpoint
CREATE TABLE `system_templates` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`vcpus` integer NOT NULL,
	`memory` integer NOT NULL,
	`serial` integer NOT NULL,
	`vnc` integer NOT NULL,
	`vnc_bind` text,
	`node_limit` text,
	`node_selector` text,
	`node_autostart` integer NOT NULL,
	`migration_method` text,
	`migration_max_downtime_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `system_templates_name_unique` ON `system_templates` (`name`);--> statement-breakpoint
CREATE TABLE `text_contents` (
	`sha256` text PRIMARY KEY NOT NULL,
	`text` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `texts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`sha256` text NOT NULL,
	FOREIGN KEY (`sha256`) REFERENCES `text_contents`(`sha256`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `text_name` ON `texts` (`kind`,`name`);--> statement-breakpoint
CREATE TABLE `consoles` (
	`vm` text PRIMARY KEY NOT NULL,
	`end` integer NOT NULL,
	`tail` blob NOT NULL,
	FOREIGN KEY (`vm`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `nics` (
	`vm` text NOT NULL,
	`idx` integer NOT NULL,
	`vni` integer NOT NULL,
	`mac` text NOT NULL,
	`ip` text,
	`hostname` text NOT NULL,
	PRIMARY KEY(`vm`, `idx`),
	FOREIGN KEY (`vm`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`vni`) REFERENCES `networks`(`vni`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `nics_mac_unique` ON `nics` (`mac`);--> statement-breakpoint
CREATE INDEX `nic_by_ip` ON `nics` (`ip`);--> statement-breakpoint
CREATE UNIQUE INDEX `nic_ip` ON `nics` (`vni`,`ip`);--> statement-breakpoint
CREATE TABLE `vms` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`tenant` text NOT NULL,
	`state` text NOT NULL,
	`node` text NOT NULL,
	`last_node` text,
	`failed_reason` text,
	`profile` text,
	`description` text NOT NULL,
	`memory` integer NOT NULL,
	`vcpus` integer NOT NULL,
	`node_limit` text,
	`selector` text NOT NULL,
	`autostart` integer NOT NULL,
	`migration_method` text,
	`migration_max_downtime_ms` integer,
	`serial` integer NOT NULL,
	`vnc` text,
	`xml` text,
	`defined` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`changing` text,
	`script_sha256` text,
	`userdata_sha256` text,
	`args` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `vm_name` ON `vms` (lower("name"));--> statement-breakpoint
CREATE INDEX `vm_node` ON `vms` (`node`);--> statement-breakpoint
CREATE TABLE `base_images` (
	`key` text NOT NULL,
	`node` text NOT NULL,
	`state` text NOT NULL,
	`build` text NOT NULL,
	`builder` text NOT NULL,
	`used_at` integer NOT NULL,
	PRIMARY KEY(`key`, `node`),
	FOREIGN KEY (`key`) REFERENCES `base_recipes`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `base_recipes` (
	`key` text PRIMARY KEY NOT NULL,
	`script_sha256` text NOT NULL,
	`args` text NOT NULL,
	`disks` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `base_waiters` (
	`key` text NOT NULL,
	`node` text NOT NULL,
	`waiter` text NOT NULL,
	PRIMARY KEY(`key`, `node`, `waiter`)
);
--> statement-breakpoint
CREATE INDEX `base_waiter` ON `base_waiters` (`waiter`);--> statement-breakpoint
CREATE TABLE `storage_pools` (
	`name` text PRIMARY KEY NOT NULL,
	`driver` text NOT NULL,
	`config` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `volumes` (
	`pool` text NOT NULL,
	`volume` text NOT NULL,
	`name` text NOT NULL,
	`tenant` text NOT NULL,
	`node` text NOT NULL,
	`vm` text,
	`disk_id` text NOT NULL,
	`size` integer NOT NULL,
	`fill` text NOT NULL,
	`source` text,
	`filesystem` text,
	`filesystem_args` text NOT NULL,
	`mountpoint` text,
	PRIMARY KEY(`pool`, `volume`),
	FOREIGN KEY (`pool`) REFERENCES `storage_pools`(`name`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`vm`) REFERENCES `vms`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE INDEX `volume_vm` ON `volumes` (`vm`);--> statement-breakpoint
CREATE INDEX `volume_source` ON `volumes` (`pool`,`source`);--> statement-breakpoint
CREATE UNIQUE INDEX `volume_name` ON `volumes` (`pool`,`name`);