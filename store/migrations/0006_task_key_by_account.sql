DROP INDEX `task_idempotency`;--> statement-breakpoint
CREATE UNIQUE INDEX `task_idempotency` ON `tasks` (`account`,`idempotency_key`,`tenant`);