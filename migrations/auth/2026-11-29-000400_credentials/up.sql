-- What the library knows of the credentials of an account, where it knows anything.
CREATE TABLE auth_credentials (
    account_id TEXT NOT NULL PRIMARY KEY,
    -- Goes up whenever everything of the account is ended. What was proven before begins no session any more.
    generation BIGINT NOT NULL,
    -- Whether staff demand a new password: `now`, or `at_sign_in`.
    reset_demanded TEXT
);

-- A change of the address of an account: asked for, confirmed, undone.
CREATE TABLE auth_email_change (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    old_address TEXT,
    -- The former address as it is compared, for as long as the change can be undone.
    old_key TEXT,
    new_address TEXT NOT NULL,
    -- The session or token that asked for it: there alone the code counts.
    asked_in TEXT NOT NULL,
    -- Whether the former address is given up, so that nothing undoes the change.
    is_final SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    undo_until BIGINT,
    ended_at BIGINT,
    undone_at BIGINT
);
CREATE INDEX auth_email_change_account ON auth_email_change (account_id, created_at);
CREATE INDEX auth_email_change_held ON auth_email_change (old_key, undo_until);
