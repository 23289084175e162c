-- Events of one kind and one outcome, the newest first, also where there are none among very many.
CREATE INDEX auth_event_kind_outcome ON auth_event (event, outcome, id);
