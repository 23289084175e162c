DROP TABLE auth_known_browser;
