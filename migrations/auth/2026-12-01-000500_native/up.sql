-- Native clients: programs that send name and password themselves, each in a dialect. A dialect is one row among the apps that
-- nobody can be: without a secret and without an address to be led back to.
INSERT INTO auth_app (id, client_id, secret_digest, name, redirect_uris, scopes, created_at, is_public, expiring, approved)
VALUES
    ('native-synctv', 'native-synctv', '', 'SyncTV clients', '', '', 1796083200000000, false, true, true),
    ('native-toki', 'native-toki', '', 'toki clients', '', '', 1796083200000000, false, true, true),
    ('native-resonite', 'native-resonite', '', 'Resonite clients', '', '', 1796083200000000, false, true, true);

-- A device, by what its program says of itself. client_key: the text or the digest by which a dialect knows it again; client_id:
-- that text, where it is shown again.
CREATE TABLE auth_device_record (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    dialect TEXT NOT NULL,
    client_key TEXT NOT NULL,
    client_id TEXT,
    name TEXT,
    program TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX auth_device_record_key ON auth_device_record (account_id, dialect, client_key);
CREATE INDEX auth_device_record_seen ON auth_device_record (last_seen_at, id);

-- What a sign-in of a native client has beside its family of refresh tokens. idle_at: when it ends unless it is used again.
-- origin: by which form of a request it began, where later answers depend on that.
CREATE TABLE auth_native_sign_in (
    family_id TEXT NOT NULL PRIMARY KEY REFERENCES auth_family (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    dialect TEXT NOT NULL,
    device_id TEXT NOT NULL,
    agent TEXT,
    network TEXT,
    methods TEXT,
    origin TEXT,
    created_at BIGINT NOT NULL,
    idle_at BIGINT NOT NULL
);
CREATE INDEX auth_native_sign_in_account ON auth_native_sign_in (account_id, family_id);
CREATE INDEX auth_native_sign_in_device ON auth_native_sign_in (device_id);

-- What opens one stream, once: the digest of the ticket, whose it is, and for what.
CREATE TABLE auth_ticket (
    digest BYTEA NOT NULL PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES auth_family (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    target TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX auth_ticket_family ON auth_ticket (family_id, expires_at);
CREATE INDEX auth_ticket_end ON auth_ticket (expires_at);
