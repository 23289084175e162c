-- Each index is written with every code and token. These two served the removal of an app alone, which may take a scan.
DROP INDEX auth_authorization_app;
DROP INDEX auth_token_app;
