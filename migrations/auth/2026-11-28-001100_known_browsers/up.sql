-- The browsers with which somebody signed in to an account before. A browser has one value for all its accounts, and only its
-- digest is here.
CREATE TABLE auth_known_browser (
    id TEXT NOT NULL PRIMARY KEY,
    browser_digest BYTEA NOT NULL,
    account_id TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    UNIQUE (account_id, browser_digest)
);
CREATE INDEX auth_known_browser_browser ON auth_known_browser (browser_digest);
CREATE INDEX auth_known_browser_sweep ON auth_known_browser (last_at, id);
