-- A token with a name is a personal one: its owner's program holds it, and no app. It stands among the others, so that one
-- look-up judges any token, and whatever ends all tokens of an account ends these too. networks: from where it may be used,
-- split by spaces; null is from everywhere. told: how near its end its owner was told of: 1 a week, 2 a day, 3 it is over.
ALTER TABLE auth_token ADD COLUMN name TEXT;
ALTER TABLE auth_token ADD COLUMN networks TEXT;
ALTER TABLE auth_token ADD COLUMN told SMALLINT NOT NULL DEFAULT 0;
CREATE INDEX auth_token_personal ON auth_token (account_id, id) WHERE name IS NOT NULL;
CREATE INDEX auth_token_personal_end ON auth_token (expires_at, id) WHERE name IS NOT NULL;
