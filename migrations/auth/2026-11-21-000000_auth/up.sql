-- The library's tables, for SQLite and PostgreSQL alike. Times are microseconds since the epoch in UTC, digests are
-- SHA-256, ids are text, lists are separated by spaces. Account ids belong to the host: no key leads into its tables.

CREATE TABLE auth_app (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    secret_digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    website TEXT,
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE auth_session (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX auth_session_account ON auth_session (account_id);
CREATE INDEX auth_session_expiry ON auth_session (expires_at);

-- Pending while approved_at is null, redeemable until used_at is set, then kept so that a replay is recognised.
CREATE TABLE auth_authorization (
    code_digest BYTEA NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES auth_app (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT,
    code_challenge TEXT,
    nonce TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    approved_at BIGINT,
    used_at BIGINT,
    token_id TEXT
);
CREATE INDEX auth_authorization_account ON auth_authorization (account_id, app_id);
CREATE INDEX auth_authorization_app ON auth_authorization (app_id);
CREATE INDEX auth_authorization_expiry ON auth_authorization (expires_at);

-- account_id is null for a token that speaks for its app alone.
CREATE TABLE auth_token (
    id TEXT NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    app_id TEXT NOT NULL REFERENCES auth_app (id) ON DELETE CASCADE,
    account_id TEXT,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX auth_token_account ON auth_token (account_id, app_id);
CREATE INDEX auth_token_app ON auth_token (app_id);

-- How often something happened in the window that began at window_start.
CREATE TABLE auth_throttle (
    rule TEXT NOT NULL,
    subject BYTEA NOT NULL,
    window_start BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (rule, subject)
);
CREATE INDEX auth_throttle_window ON auth_throttle (window_start);
