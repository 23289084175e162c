DROP INDEX auth_event_about;
DROP INDEX auth_event_by;
DROP INDEX auth_event_origin;
DROP INDEX auth_event_unnamed;
DROP INDEX auth_event_kind;
DROP INDEX auth_event_outcome;
DROP INDEX auth_app_network;
ALTER TABLE auth_app DROP COLUMN network;
DROP INDEX auth_mail_state;
