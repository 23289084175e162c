DROP TABLE auth_logout_host;
DROP TABLE auth_logout;
