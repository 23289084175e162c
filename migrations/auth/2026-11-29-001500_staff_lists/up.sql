CREATE INDEX auth_mail_state ON auth_mail (state, id);

-- From which network an app was registered; forgotten when that of an event would be.
ALTER TABLE auth_app ADD COLUMN network TEXT;
CREATE INDEX auth_app_network ON auth_app (created_at, id) WHERE network IS NOT NULL;

-- Staff looks through the events by each of these, the newest first. SQLite takes the youngest index of those that would do, so
-- what narrows most comes last.
CREATE INDEX auth_event_outcome ON auth_event (outcome, id);
CREATE INDEX auth_event_kind ON auth_event (event, id);
CREATE INDEX auth_event_unnamed ON auth_event (actor_kind, id) WHERE actor IS NULL;
CREATE INDEX auth_event_origin ON auth_event (network, id) WHERE network IS NOT NULL;
CREATE INDEX auth_event_by ON auth_event (actor, id) WHERE actor IS NOT NULL;
CREATE INDEX auth_event_about ON auth_event (target, id) WHERE target IS NOT NULL;
