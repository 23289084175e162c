ALTER TABLE auth_session DROP COLUMN first_proven_at;
ALTER TABLE auth_family DROP COLUMN strength;
ALTER TABLE auth_token DROP COLUMN strength;
ALTER TABLE auth_pending DROP COLUMN stepping_up;
