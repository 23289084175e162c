DROP TABLE setup_token;
DROP TABLE account_turn;
DROP TABLE account;
