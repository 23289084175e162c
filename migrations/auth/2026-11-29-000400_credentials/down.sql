DROP TABLE auth_email_change;
DROP TABLE auth_credentials;
