DROP TABLE auth_day;
