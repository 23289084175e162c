-- first_party: the operator says that the app is the server's own, so that nobody is asked for consent. A public app never
-- is.
ALTER TABLE auth_app ADD COLUMN first_party BOOLEAN NOT NULL DEFAULT false;
