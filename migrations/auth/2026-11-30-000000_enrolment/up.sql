-- What was proven after the first proof of a sign-in that waits for its owner to set up a second factor.
ALTER TABLE auth_pending ADD COLUMN second_proof TEXT;
ALTER TABLE auth_pending ADD COLUMN second_proven_at BIGINT;
