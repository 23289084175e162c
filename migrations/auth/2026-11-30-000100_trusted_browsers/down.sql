ALTER TABLE auth_trusted_browser DROP COLUMN generation;
