DROP INDEX auth_event_kind_outcome;
CREATE INDEX auth_event_kind_outcome ON auth_event (event, outcome, id);
