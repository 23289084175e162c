-- When a token was last used, to within a day, and from which address (Mastodon §11.4). Null until its first use.

ALTER TABLE auth_token ADD COLUMN last_used_at BIGINT;
ALTER TABLE auth_token ADD COLUMN last_used_from TEXT;
