DROP TABLE account_closed_name;
