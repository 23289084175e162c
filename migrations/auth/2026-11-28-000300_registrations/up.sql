-- What an app registered by RFC 7591 that Mastodon's route does not have, as JSON: the words of grant_types, and the
-- addresses that are shown where the person is asked. Null: it registered by Mastodon's route.
ALTER TABLE auth_app ADD COLUMN registration TEXT;
