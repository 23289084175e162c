-- The requests that wait in a session for a person's word; they are few, and the oldest makes room.
CREATE INDEX auth_authorization_pending ON auth_authorization (session_id, created_at, code_digest) WHERE approved_at IS NULL;
