-- The reference server's own accounts, for SQLite and PostgreSQL alike. Times are microseconds since the epoch in UTC.

-- username is lower-case. username_key is its look, in which 0 and o are one letter, so that no name can pass for
-- another; email_key is the address in lower case. Both are computed by the program, never by the database.
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    username_key TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email TEXT,
    email_key TEXT UNIQUE,
    email_confirmed SMALLINT NOT NULL,
    password_hash TEXT,
    role TEXT NOT NULL,
    standing TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX account_created ON account (created_at, id);

-- One row. Whoever makes, disables or removes an admin changes it first, so that such changes happen one by one: the
-- first admin is made once, and the last one stays.
CREATE TABLE account_turn (
    id SMALLINT NOT NULL PRIMARY KEY,
    taken BIGINT NOT NULL
);
INSERT INTO account_turn (id, taken) VALUES (1, 0);

-- SHA-256 of the set-up links that running servers have shown; empty as soon as an admin exists.
CREATE TABLE setup_token (
    digest BYTEA NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
