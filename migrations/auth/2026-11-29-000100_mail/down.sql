DROP TABLE auth_mail_token;
DROP TABLE auth_mail;
