ALTER TABLE auth_credentials DROP COLUMN only_passkeys;
