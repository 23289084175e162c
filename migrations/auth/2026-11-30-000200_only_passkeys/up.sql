-- Whether codes of authenticator apps and by mail are no second proof of the account: passkeys alone are, and recovery codes.
ALTER TABLE auth_credentials ADD COLUMN only_passkeys SMALLINT NOT NULL DEFAULT 0;
