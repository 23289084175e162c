DROP INDEX account_role;
