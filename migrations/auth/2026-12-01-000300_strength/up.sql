-- The session that a pending sign-in makes stronger, if it began in one (factors FAC-57).
ALTER TABLE auth_pending ADD COLUMN stepping_up TEXT;
-- How strong the sign-in was that a grant came from, and when: the class and the microseconds since 1970 (factors FAC-101).
ALTER TABLE auth_token ADD COLUMN strength TEXT;
ALTER TABLE auth_family ADD COLUMN strength TEXT;
-- When the first proof of a session was given that took the place of another (factors FAC-107).
ALTER TABLE auth_session ADD COLUMN first_proven_at BIGINT;
