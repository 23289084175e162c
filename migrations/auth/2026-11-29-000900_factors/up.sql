-- Whether a single proof does not finish a sign-in to the account, and whether a code by mail may be the second one beside
-- stronger factors. They stand here because every sign-in reads this row anyway.
ALTER TABLE auth_credentials ADD COLUMN two_step SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE auth_credentials ADD COLUMN mail_factor SMALLINT NOT NULL DEFAULT 0;
-- When a mailed link set the password, while no other factor was proven since: null is never, or proven since.
ALTER TABLE auth_credentials ADD COLUMN reset_by_mail_at BIGINT;
-- The first sign-in under a policy that demands a second factor.
ALTER TABLE auth_credentials ADD COLUMN demanded_since BIGINT;

-- Second factors that have a secret: authenticator apps. The secret is encrypted under the key that sealed_by names. A row
-- without proven_at is being set up: in the session or by the token of made_in, until expires_at.
CREATE TABLE auth_factor (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    secret BYTEA NOT NULL,
    sealed_by TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    made_in TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    proven_at BIGINT,
    expires_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX auth_factor_account ON auth_factor (account_id, id);
CREATE INDEX auth_factor_sweep ON auth_factor (expires_at, id) WHERE expires_at IS NOT NULL;
CREATE INDEX auth_factor_key ON auth_factor (sealed_by);

-- Recovery codes, as an HMAC of each. All rows of an account are its living set.
CREATE TABLE auth_recovery_code (
    account_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, digest)
);

-- Sign-ins that still lack something. The browser that began one shows the value of its digest. generation is that of the
-- account's credentials at the first proof: once they moved on, the sign-in is over.
CREATE TABLE auth_pending (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    account_id TEXT NOT NULL,
    browser_digest BYTEA NOT NULL,
    proof TEXT NOT NULL,
    proven_at BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    request TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    session_id TEXT
);
CREATE INDEX auth_pending_account ON auth_pending (account_id, created_at);
CREATE INDEX auth_pending_sweep ON auth_pending (expires_at, id);

-- Browsers in which a second factor is not asked for again after the password.
CREATE TABLE auth_trusted_browser (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    agent TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX auth_trusted_browser_account ON auth_trusted_browser (account_id, id);
CREATE INDEX auth_trusted_browser_sweep ON auth_trusted_browser (expires_at, id);
