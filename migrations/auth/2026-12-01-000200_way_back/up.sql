-- Requests of people who lost their second factors (factors section 11): asked, and then stopped, claimed or lapsed. An account has
-- one open request; those that are over are kept for a month, as so many are allowed in that time.
CREATE TABLE auth_way_back (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    ripe_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    -- How far the owner and the host were told of it.
    told SMALLINT NOT NULL,
    -- When the next thing is to be told; nothing once all is.
    next_at BIGINT,
    ended_at BIGINT,
    ended_as TEXT,
    why TEXT,
    agent TEXT,
    network TEXT
);
CREATE UNIQUE INDEX auth_way_back_open ON auth_way_back (account_id) WHERE ended_at IS NULL;
CREATE INDEX auth_way_back_account ON auth_way_back (account_id, asked_at);
CREATE INDEX auth_way_back_next ON auth_way_back (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX auth_way_back_sweep ON auth_way_back (asked_at, id);
