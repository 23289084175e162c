-- What a session of a Resonite client has beside its sign-in. absolute_at: when it ends at the latest, however often it is
-- extended; uid_hash: the digest of salt and header by which it knows its machine again.
CREATE TABLE auth_resonite_session (
    family_id TEXT NOT NULL PRIMARY KEY REFERENCES auth_family (id) ON DELETE CASCADE,
    remembered BOOLEAN NOT NULL,
    machine_bound BOOLEAN NOT NULL,
    uid_salt TEXT NOT NULL,
    uid_hash TEXT NOT NULL,
    absolute_at BIGINT NOT NULL
);
