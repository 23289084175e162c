DROP TABLE auth_passkey_user;
DROP TABLE auth_passkey;
