ALTER TABLE auth_session DROP COLUMN idle_at;
ALTER TABLE auth_session DROP COLUMN last_used_at;
ALTER TABLE auth_session DROP COLUMN methods;
ALTER TABLE auth_session DROP COLUMN network;
ALTER TABLE auth_session DROP COLUMN agent;
