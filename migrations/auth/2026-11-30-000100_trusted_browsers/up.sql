-- How often everything of the account had been ended when the browser was trusted: once the credentials moved on, it is not any
-- more. Rows from before there was this column were never used, and hold for nothing.
ALTER TABLE auth_trusted_browser ADD COLUMN generation BIGINT NOT NULL DEFAULT -1;
