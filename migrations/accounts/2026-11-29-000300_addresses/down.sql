UPDATE account SET email_key = unconfirmed_key
WHERE unconfirmed_key IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM account AS other
    WHERE other.id <> account.id
    AND (other.email_key = account.unconfirmed_key OR (other.unconfirmed_key = account.unconfirmed_key AND other.id < account.id))
);
DROP INDEX account_unconfirmed;
ALTER TABLE account DROP COLUMN unconfirmed_key;
