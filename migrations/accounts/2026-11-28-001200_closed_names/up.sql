-- The names of removed accounts. Apps know a person by the address that has the name in it, so nobody else gets it unless an
-- admin releases it. name_key is the name's look, as account.username_key is.
CREATE TABLE account_closed_name (
    name_key TEXT NOT NULL PRIMARY KEY,
    closed_at BIGINT NOT NULL
);
