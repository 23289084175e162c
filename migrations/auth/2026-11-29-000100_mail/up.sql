-- The outbox: one row a mail, written in the transaction of what it reports. No link and no code is in here.
CREATE TABLE auth_mail (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    account_id TEXT,
    address TEXT NOT NULL,
    -- The address in lower case, for the limits.
    address_key TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    lease_until BIGINT,
    last_error TEXT,
    urgent SMALLINT NOT NULL,
    -- On which limit it counts; 0 is none.
    allowance SMALLINT NOT NULL,
    -- What the mail says, the reader's name and language: JSON.
    context TEXT NOT NULL,
    token_id TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX auth_mail_due ON auth_mail (urgent, not_before, id) WHERE ended_at IS NULL;
CREATE INDEX auth_mail_address ON auth_mail (address_key, created_at);
CREATE INDEX auth_mail_sweep ON auth_mail (ended_at, id) WHERE ended_at IS NOT NULL;

-- What the link and the code of a mail open. The digests are written when the mail is about to be sent, and the lifetime counts
-- from then.
CREATE TABLE auth_mail_token (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    account_id TEXT,
    address TEXT,
    subject TEXT,
    lifetime BIGINT NOT NULL,
    has_code SMALLINT NOT NULL,
    link_digest BYTEA UNIQUE,
    code_digest BYTEA,
    wrong_codes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    spent_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX auth_mail_token_account ON auth_mail_token (account_id, purpose);
CREATE INDEX auth_mail_token_subject ON auth_mail_token (subject, purpose);
CREATE INDEX auth_mail_token_sweep ON auth_mail_token (created_at, id);
