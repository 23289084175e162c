-- grant_types: the words that an app registered by RFC 7591, split by spaces; null is all, as by Mastodon's route. links: three
-- addresses that are shown where the person is asked (logo, policy, terms), one a line, a line without one empty.
ALTER TABLE auth_app ADD COLUMN grant_types TEXT;
ALTER TABLE auth_app ADD COLUMN links TEXT;
