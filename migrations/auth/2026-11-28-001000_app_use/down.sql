DROP INDEX auth_token_own;
ALTER TABLE auth_token DROP COLUMN generation;
DROP INDEX auth_family_app;
DROP INDEX auth_token_app;
DROP INDEX auth_authorization_app;
DROP INDEX auth_app_sweep;
ALTER TABLE auth_app DROP COLUMN had_own_token;
ALTER TABLE auth_app DROP COLUMN approved;
