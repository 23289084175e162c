ALTER TABLE auth_app DROP COLUMN first_party;
