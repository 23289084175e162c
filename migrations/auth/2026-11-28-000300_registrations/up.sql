-- dynamic: the app registered by RFC 7591. grant_types: the words that it registered, split by spaces; null is all, as by
-- Mastodon's route. The three addresses are shown where the person is asked.
ALTER TABLE auth_app ADD COLUMN dynamic BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE auth_app ADD COLUMN grant_types TEXT;
ALTER TABLE auth_app ADD COLUMN logo_uri TEXT;
ALTER TABLE auth_app ADD COLUMN policy_uri TEXT;
ALTER TABLE auth_app ADD COLUMN tos_uri TEXT;
