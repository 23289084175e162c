CREATE INDEX auth_authorization_app ON auth_authorization (app_id);
CREATE INDEX auth_token_app ON auth_token (app_id);
