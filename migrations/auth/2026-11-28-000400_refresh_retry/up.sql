-- What replaced a spent refresh token, so that it can be repeated when the answer was lost: the digest of the next one, the
-- access token beside it, and when it was repeated. Null: it is not spent, or was by an older version.
ALTER TABLE auth_refresh_token ADD COLUMN next_digest BYTEA;
ALTER TABLE auth_refresh_token ADD COLUMN next_token_id TEXT;
ALTER TABLE auth_refresh_token ADD COLUMN retried_at BIGINT;
