DROP TABLE auth_app_session;
DROP TABLE auth_app_openid;
