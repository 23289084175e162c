ALTER TABLE auth_app DROP COLUMN registration;
