CREATE TABLE `__new_pool_failures` (
	`pool` text NOT NULL,
	`hour` integer NOT NULL,
	`kind` text NOT NULL,
	`reason` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`pool`, `hour`, `kind`)
);
--> statement-breakpoint
INSERT INTO `__new_pool_failures`("pool", "hour", "kind", "reason", "at") SELECT "pool", "hour", CASE WHEN "reason" LIKE 'No node can take %' THEN 'no-capacity' ELSE 'invalid' END AS "known", "reason", max("at") FROM `pool_failures` GROUP BY "pool", "hour", "known";--> statement-breakpoint
DROP TABLE `pool_failures`;--> statement-breakpoint
ALTER TABLE `__new_pool_failures` RENAME TO `pool_failures`;--> statement-breakpoint
CREATE INDEX `pool_failure_at` ON `pool_failures` (`at`);
