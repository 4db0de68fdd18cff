DROP INDEX `task_idempotency`;--> statement-breakpoint
CREATE UNIQUE INDEX `task_idempotency` ON `tasks` (`tenant`,`account`,`idempotency_key`);