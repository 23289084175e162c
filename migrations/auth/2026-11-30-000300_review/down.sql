ALTER TABLE auth_credentials DROP COLUMN review_due;
