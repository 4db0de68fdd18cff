CREATE TABLE `users` (
	`name` text PRIMARY KEY NOT NULL,
	`password` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `tokens` ADD `user_name` text;--> statement-breakpoint
ALTER TABLE `tokens` ADD `last_used_at` integer;--> statement-breakpoint
ALTER TABLE `tokens` ADD `sealed` text;--> statement-breakpoint
CREATE INDEX `token_user` ON `tokens` (`user_name`);