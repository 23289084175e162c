ALTER TABLE auth_app DROP COLUMN tos_uri;
ALTER TABLE auth_app DROP COLUMN policy_uri;
ALTER TABLE auth_app DROP COLUMN logo_uri;
ALTER TABLE auth_app DROP COLUMN grant_types;
ALTER TABLE auth_app DROP COLUMN dynamic;
