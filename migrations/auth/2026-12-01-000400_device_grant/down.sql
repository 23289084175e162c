DROP TABLE auth_device_code;
