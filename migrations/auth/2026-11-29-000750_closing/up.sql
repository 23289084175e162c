-- When an account goes that its owner closed; null for the others. 0: it is going just now, and nothing stops that any more.
ALTER TABLE auth_credentials ADD COLUMN closes_at BIGINT;
CREATE INDEX auth_credentials_closing ON auth_credentials (closes_at, account_id) WHERE closes_at IS NOT NULL;

-- What is kept of an account is found by these when it goes: its mails, and what it did to others.
CREATE INDEX auth_mail_account ON auth_mail (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX auth_event_actor ON auth_event (actor) WHERE actor IS NOT NULL AND (target IS NULL OR target <> actor);
