-- The address of an account, as it is compared, that staff confirmed and no mail has proven since.
ALTER TABLE auth_credentials ADD COLUMN unproven_email TEXT;
