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
ALTER TABLE `volumes` ADD `added_at` integer;