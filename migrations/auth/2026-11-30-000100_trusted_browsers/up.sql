-- How often everything of the account had been ended when the browser was trusted: once the credentials moved on, it is not any
-- more. Nothing wrote to the table before there was this column.
ALTER TABLE auth_trusted_browser ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
