-- Passkeys: the public key of each, and how often it was used as far as it tells. credential_id is base64url without padding.
CREATE TABLE auth_passkey (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    credential_id TEXT NOT NULL UNIQUE,
    rp_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    counter BIGINT NOT NULL,
    backup_eligible SMALLINT NOT NULL,
    backed_up SMALLINT NOT NULL,
    verified SMALLINT NOT NULL,
    transports TEXT NOT NULL,
    model TEXT,
    name TEXT NOT NULL,
    copied_at BIGINT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX auth_passkey_account ON auth_passkey (account_id, id);

-- By what passkeys know their owner: random, so that it tells nothing about the account.
CREATE TABLE auth_passkey_user (
    account_id TEXT NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE
);
