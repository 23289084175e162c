DROP TABLE auth_ticket;
DROP TABLE auth_native_sign_in;
DROP TABLE auth_device_record;
DELETE FROM auth_token WHERE app_id IN ('native-synctv', 'native-toki', 'native-resonite');
DELETE FROM auth_app WHERE id IN ('native-synctv', 'native-toki', 'native-resonite');
