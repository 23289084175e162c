DROP TABLE auth_setting;
