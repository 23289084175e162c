-- The language in which the account's owner reads pages, as a tag in lower case (Mastodon §5.1). Null when the browser decides.

ALTER TABLE account ADD COLUMN language TEXT;
