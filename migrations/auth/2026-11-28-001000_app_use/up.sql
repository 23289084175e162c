-- approved: a person once let the app in, or the operator registered it. had_own_token: it once had a token for itself. An app
-- with neither is swept some day; what older code registers counts as used, and stays.
ALTER TABLE auth_app ADD COLUMN approved BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE auth_app ADD COLUMN had_own_token BOOLEAN NOT NULL DEFAULT true;
CREATE INDEX auth_app_sweep ON auth_app (created_at, id) WHERE NOT (approved OR had_own_token);

-- To remove an app, the database looks for what belongs to it, which must not be a scan of everybody's rows.
CREATE INDEX auth_authorization_app ON auth_authorization (app_id);
CREATE INDEX auth_token_app ON auth_token (app_id);
CREATE INDEX auth_family_app ON auth_family (app_id);

-- A token that an app has for itself can be given to it again: its value is derived from its id and generation. Null for all
-- other tokens.
ALTER TABLE auth_token ADD COLUMN generation BIGINT;
CREATE UNIQUE INDEX auth_token_own ON auth_token (app_id, scopes, generation) WHERE generation IS NOT NULL;
