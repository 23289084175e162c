-- What happened, for whom and by whom. Rows are added, and deleted when they are too old; nothing changes one.
CREATE TABLE auth_event (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT,
    target_kind TEXT,
    target TEXT,
    name TEXT,
    app TEXT,
    network TEXT,
    agent TEXT,
    request_id TEXT,
    detail TEXT
);
CREATE INDEX auth_event_target ON auth_event (target, at);
CREATE INDEX auth_event_sweep ON auth_event (at, id);
CREATE INDEX auth_event_network ON auth_event (at, id) WHERE network IS NOT NULL OR agent IS NOT NULL;

-- How an account came to be, and how far its sign-up is. A row is there until the account is removed.
CREATE TABLE auth_sign_up (
    account_id TEXT NOT NULL PRIMARY KEY,
    road TEXT NOT NULL,
    app_id TEXT,
    provider TEXT,
    invitation_id TEXT,
    reason TEXT,
    agreed_to TEXT,
    minimum_age SMALLINT,
    network TEXT,
    agent TEXT,
    language TEXT,
    needs_review SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    decided_at BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX auth_sign_up_open ON auth_sign_up (expires_at, account_id) WHERE decided_at IS NULL;
CREATE INDEX auth_sign_up_invitation ON auth_sign_up (invitation_id);

-- A browser or program that waits for an account to become usable. Only the digest of what it shows is here.
CREATE TABLE auth_waiting (
    id TEXT NOT NULL PRIMARY KEY,
    token_digest BYTEA NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    request TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    outcome TEXT,
    message TEXT
);
CREATE INDEX auth_waiting_account ON auth_waiting (account_id);
CREATE INDEX auth_waiting_sweep ON auth_waiting (expires_at, id);

-- Invitations. The code of one that was mailed is not here, only its digest.
CREATE TABLE auth_invitation (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT UNIQUE,
    code_digest BYTEA UNIQUE,
    maker TEXT,
    maker_name TEXT,
    max_uses BIGINT,
    uses BIGINT NOT NULL,
    expires_at BIGINT,
    comment TEXT,
    skips_review SMALLINT NOT NULL,
    email TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX auth_invitation_maker ON auth_invitation (maker, created_at);

-- What counts once, or holds for a while: proofs of work that were spent, addresses that want no mail.
CREATE TABLE auth_spent (
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, digest)
);
CREATE INDEX auth_spent_sweep ON auth_spent (expires_at);
