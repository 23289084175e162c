DROP INDEX auth_event_kind_outcome;
