-- Public apps have no secret: secret_digest is empty, which matches nothing. expiring: the app asked for tokens that
-- expire.
ALTER TABLE auth_app ADD COLUMN is_public BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE auth_app ADD COLUMN expiring BOOLEAN NOT NULL DEFAULT false;

-- What one consent bought for an app whose tokens expire: a row of refresh tokens, each replacing the one before, and
-- the access tokens beside them. rotated_at changes with each replacement, so that ending and replacing wait for each other.
CREATE TABLE auth_family (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES auth_app (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX auth_family_account ON auth_family (account_id, app_id);
CREATE INDEX auth_family_expiry ON auth_family (expires_at);

-- A spent refresh token stays as long as its family, so that a reuse is recognised.
CREATE TABLE auth_refresh_token (
    digest BYTEA NOT NULL PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES auth_family (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX auth_refresh_token_family ON auth_refresh_token (family_id);

ALTER TABLE auth_token ADD COLUMN family_id TEXT;
CREATE INDEX auth_token_family ON auth_token (family_id) WHERE family_id IS NOT NULL;
ALTER TABLE auth_authorization ADD COLUMN family_id TEXT;

-- How the app wants its answer; null is in the query.
ALTER TABLE auth_authorization ADD COLUMN response_mode TEXT;
