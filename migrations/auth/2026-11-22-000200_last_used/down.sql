ALTER TABLE auth_token DROP COLUMN last_used_from;
ALTER TABLE auth_token DROP COLUMN last_used_at;
