DELETE FROM auth_token WHERE name IS NOT NULL;
DROP INDEX auth_token_personal_end;
DROP INDEX auth_token_personal;
ALTER TABLE auth_token DROP COLUMN told;
ALTER TABLE auth_token DROP COLUMN networks;
ALTER TABLE auth_token DROP COLUMN name;
