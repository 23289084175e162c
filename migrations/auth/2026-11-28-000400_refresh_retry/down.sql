ALTER TABLE auth_refresh_token DROP COLUMN retried_at;
ALTER TABLE auth_refresh_token DROP COLUMN next_token_id;
ALTER TABLE auth_refresh_token DROP COLUMN next_digest;
