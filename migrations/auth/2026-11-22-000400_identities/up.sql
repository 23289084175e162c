-- Single sign-on, for SQLite and PostgreSQL alike: who a person is at identity providers, and the journeys there and back.

-- An identity is (issuer, subject), exact, and belongs to one account; an account has one identity per issuer.
CREATE TABLE auth_identity (
    id TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id TEXT NOT NULL,
    label TEXT,
    linked_at BIGINT NOT NULL,
    UNIQUE (issuer, subject),
    UNIQUE (account_id, issuer)
);

-- Nothing of a journey stands in the callback's URL but the state, whose digest is here. app_id and ask (JSON: what the
-- app asked for) belong to a sign-in; account_id and started_by (token:… or session:…) to a link. Used once: by the
-- callback that sets used_at. waiting (JSON: the identity) is set when a link waits for its owner's word, finished_at
-- when a link was made or ended.
CREATE TABLE auth_sso_flow (
    id TEXT NOT NULL PRIMARY KEY,
    state_digest BYTEA NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    verifier TEXT NOT NULL,
    nonce TEXT NOT NULL,
    callback TEXT NOT NULL,
    browser_digest BYTEA,
    app_id TEXT REFERENCES auth_app (id) ON DELETE CASCADE,
    ask TEXT,
    account_id TEXT,
    started_by TEXT,
    waiting TEXT,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX auth_sso_flow_account ON auth_sso_flow (account_id);
CREATE INDEX auth_sso_flow_app ON auth_sso_flow (app_id);
CREATE INDEX auth_sso_flow_expiry ON auth_sso_flow (expires_at);
