-- Apps that are to be told of the end of a session. Written with that end, and gone when the app knows or was not to be reached.
CREATE TABLE auth_logout (
    session_id TEXT NOT NULL,
    app_id TEXT NOT NULL REFERENCES auth_app (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    subject TEXT NOT NULL,
    uri TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, app_id)
);
CREATE INDEX auth_logout_next ON auth_logout (next_at);
CREATE INDEX auth_logout_app ON auth_logout (app_id, created_at);

-- The hosts that are told: one call at a time and so many a minute, whichever replica makes it.
CREATE TABLE auth_logout_host (
    host TEXT NOT NULL PRIMARY KEY,
    busy_until BIGINT NOT NULL,
    window_start BIGINT NOT NULL,
    calls BIGINT NOT NULL
);
