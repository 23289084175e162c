DROP INDEX auth_event_place;
