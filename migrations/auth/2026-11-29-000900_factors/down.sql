DROP TABLE auth_trusted_browser;
DROP TABLE auth_pending;
DROP TABLE auth_recovery_code;
DROP TABLE auth_factor;
ALTER TABLE auth_credentials DROP COLUMN demanded_since;
ALTER TABLE auth_credentials DROP COLUMN reset_by_mail_at;
ALTER TABLE auth_credentials DROP COLUMN mail_factor;
ALTER TABLE auth_credentials DROP COLUMN two_step;
