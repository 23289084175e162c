DROP TABLE auth_resonite_session;
