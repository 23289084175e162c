-- An address belongs to whoever confirmed it. Several accounts may wait with the same one: theirs is in unconfirmed_key, and
-- email_key, which is unique, is that of the confirmed address alone.
ALTER TABLE account ADD COLUMN unconfirmed_key TEXT;
UPDATE account SET unconfirmed_key = email_key, email_key = NULL WHERE email_confirmed = 0;
CREATE INDEX account_unconfirmed ON account (unconfirmed_key, created_at);

-- A name's look takes i for l too, and drops what joins words. Names that look alike since then keep their look of before.
UPDATE account
SET username_key = replace(replace(replace(replace(replace(replace(username, '0', 'o'), '1', 'l'), 'i', 'l'), 'rn', 'm'), 'vv', 'w'), '_', '')
WHERE NOT EXISTS (
    SELECT 1 FROM account AS other
    WHERE other.id <> account.id AND (
        replace(replace(replace(replace(replace(replace(other.username, '0', 'o'), '1', 'l'), 'i', 'l'), 'rn', 'm'), 'vv', 'w'), '_', '')
        = replace(replace(replace(replace(replace(replace(account.username, '0', 'o'), '1', 'l'), 'i', 'l'), 'rn', 'm'), 'vv', 'w'), '_', '')
        OR other.username_key
        = replace(replace(replace(replace(replace(replace(account.username, '0', 'o'), '1', 'l'), 'i', 'l'), 'rn', 'm'), 'vv', 'w'), '_', '')
    )
);
UPDATE account_closed_name
SET name_key = replace(replace(name_key, 'i', 'l'), '_', '')
WHERE NOT EXISTS (
    SELECT 1 FROM account_closed_name AS other
    WHERE other.name_key <> account_closed_name.name_key
    AND replace(replace(other.name_key, 'i', 'l'), '_', '') = replace(replace(account_closed_name.name_key, 'i', 'l'), '_', '')
);
