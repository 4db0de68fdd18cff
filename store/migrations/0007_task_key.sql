CREATE TABLE `task_key` (
	`account` text NOT NULL,
	`key` text NOT NULL,
	`task` text NOT NULL,
	`request_hash` text NOT NULL,
	PRIMARY KEY(`account`, `key`, `task`),
	FOREIGN KEY (`task`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
INSERT INTO `task_key` SELECT `account`, `idempotency_key`, `id`, `request_hash` FROM `tasks` WHERE `idempotency_key` IS NOT NULL;--> statement-breakpoint
DROP INDEX `task_idempotency`;--> statement-breakpoint
ALTER TABLE `tasks` DROP COLUMN `idempotency_key`;--> statement-breakpoint
ALTER TABLE `tasks` DROP COLUMN `request_hash`;