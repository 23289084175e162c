-- What is over is found by these, a page after the other: the time, and the key to go on from. They are searched and hold only
-- what may be over some day, so that a token that never expires is in none.
CREATE INDEX auth_authorization_sweep ON auth_authorization (expires_at, code_digest);
CREATE INDEX auth_token_sweep_expired ON auth_token (expires_at, id) WHERE expires_at IS NOT NULL;
CREATE INDEX auth_token_sweep_revoked ON auth_token (revoked_at, id) WHERE revoked_at IS NOT NULL;
CREATE INDEX auth_family_sweep_expired ON auth_family (expires_at, id);
CREATE INDEX auth_family_sweep_ended ON auth_family (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX auth_family_sweep_idle ON auth_family (rotated_at, id);
CREATE INDEX auth_session_sweep_expired ON auth_session (expires_at, id);
CREATE INDEX auth_session_sweep_ended ON auth_session (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX auth_sso_flow_sweep ON auth_sso_flow (expires_at, id);
CREATE INDEX auth_throttle_sweep ON auth_throttle (window_start, rule, subject);
DROP INDEX auth_authorization_expiry;
DROP INDEX auth_family_expiry;
DROP INDEX auth_session_expiry;
DROP INDEX auth_sso_flow_expiry;
DROP INDEX auth_throttle_window;
