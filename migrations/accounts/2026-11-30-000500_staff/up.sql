-- Who runs the server is found among everybody else.
CREATE INDEX account_role ON account (role, id);
