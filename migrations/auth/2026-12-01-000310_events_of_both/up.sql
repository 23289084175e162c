-- Kind and outcome as one: a database that counts each by itself takes for frequent what there is none of.
DROP INDEX auth_event_kind_outcome;
CREATE INDEX auth_event_kind_outcome ON auth_event ((event || ' ' || outcome), id);
