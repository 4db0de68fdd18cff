CREATE TABLE `pool_failures` (
	`pool` text NOT NULL,
	`hour` integer NOT NULL,
	`reason` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`pool`, `hour`, `reason`)
);
--> statement-breakpoint
CREATE INDEX `pool_failure_at` ON `pool_failures` (`at`);