DROP TABLE auth_sso_flow;
DROP TABLE auth_identity;
