DROP INDEX auth_event_actor;
DROP INDEX auth_mail_account;
DROP INDEX auth_credentials_closing;
ALTER TABLE auth_credentials DROP COLUMN closes_at;
