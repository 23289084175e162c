ALTER TABLE auth_authorization DROP COLUMN response_mode;
ALTER TABLE auth_authorization DROP COLUMN family_id;
DROP INDEX auth_token_family;
ALTER TABLE auth_token DROP COLUMN family_id;
DROP TABLE auth_refresh_token;
DROP TABLE auth_family;
ALTER TABLE auth_app DROP COLUMN expiring;
ALTER TABLE auth_app DROP COLUMN is_public;
