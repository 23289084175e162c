-- What the owner of a session sees of it, and when it ends unless it is used.
ALTER TABLE auth_session ADD COLUMN agent TEXT;
ALTER TABLE auth_session ADD COLUMN network TEXT;
ALTER TABLE auth_session ADD COLUMN methods TEXT;
ALTER TABLE auth_session ADD COLUMN last_used_at BIGINT;
ALTER TABLE auth_session ADD COLUMN idle_at BIGINT;
