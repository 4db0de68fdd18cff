CREATE TABLE `pool_totals` (
	`pool` text NOT NULL,
	`kind` text NOT NULL,
	`bucket` integer NOT NULL,
	`count` integer NOT NULL,
	`total` real NOT NULL,
	PRIMARY KEY(`pool`, `kind`, `bucket`)
);
--> statement-breakpoint
CREATE INDEX `pool_entry_failed` ON `pool_entries` (`completed_at`) WHERE failed = 1;