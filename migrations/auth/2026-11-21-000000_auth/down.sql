DROP TABLE auth_throttle;
DROP TABLE auth_token;
DROP TABLE auth_authorization;
DROP TABLE auth_session;
DROP TABLE auth_app;
