-- Staff asks which accounts were used from a network.
CREATE INDEX auth_event_place ON auth_event (network, target) WHERE network IS NOT NULL;
