-- Codes of the device authorization grant. The program polls with one, a person types the other on a page; both are kept as digests,
-- the short one under a key of the server's. state: 'issued', 'approved', 'denied' or 'consumed'. What the person proved who said
-- yes stands in the last four columns, which are empty until then.
CREATE TABLE auth_device_code (
    digest BYTEA NOT NULL PRIMARY KEY,
    user_digest BYTEA NOT NULL UNIQUE,
    app_id TEXT NOT NULL REFERENCES auth_app (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    program TEXT,
    network TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    account_id TEXT,
    session_id TEXT,
    methods TEXT,
    proven_at BIGINT
);
CREATE INDEX auth_device_code_app ON auth_device_code (app_id, expires_at);
CREATE INDEX auth_device_code_expires ON auth_device_code (expires_at);
CREATE INDEX auth_device_code_account ON auth_device_code (account_id) WHERE account_id IS NOT NULL;
