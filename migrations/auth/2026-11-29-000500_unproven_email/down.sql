ALTER TABLE auth_credentials DROP COLUMN unproven_email;
