ALTER TABLE auth_pending DROP COLUMN second_proof;
ALTER TABLE auth_pending DROP COLUMN second_proven_at;
