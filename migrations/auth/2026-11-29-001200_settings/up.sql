-- Settings that staff changed while the server ran (people PPL-154): JSON, or what is sealed where it is a secret.
CREATE TABLE auth_setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    is_sealed SMALLINT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
