-- Whether the owner has yet to say what of the other ways to sign in stays, since a mailed link set the password.
ALTER TABLE auth_credentials ADD COLUMN review_due SMALLINT NOT NULL DEFAULT 0;
