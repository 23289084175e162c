ALTER TABLE auth_app DROP COLUMN links;
ALTER TABLE auth_app DROP COLUMN grant_types;
