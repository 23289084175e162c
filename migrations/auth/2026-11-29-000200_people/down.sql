DROP TABLE auth_spent;
DROP TABLE auth_invitation;
DROP TABLE auth_waiting;
DROP TABLE auth_sign_up;
DROP TABLE auth_event;
