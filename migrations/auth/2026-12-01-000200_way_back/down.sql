DROP TABLE auth_way_back;
