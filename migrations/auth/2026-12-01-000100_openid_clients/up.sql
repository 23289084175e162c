-- What apps registered of OpenID Connect: by which algorithm their id tokens are signed, and how they take part in signing out.
-- An app without a row registered before there was a choice: EdDSA, and nothing else. Lists are separated by blanks.
CREATE TABLE auth_app_openid (
    app_id TEXT NOT NULL PRIMARY KEY REFERENCES auth_app (id) ON DELETE CASCADE,
    signed_by TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    backchannel_logout_uri TEXT,
    backchannel_session_required SMALLINT NOT NULL
);

-- The apps that got an id token in a session, by which name they know the session, and by which the person. The row follows a
-- session that takes another's place. logout_uri is where the app is told of its end.
CREATE TABLE auth_app_session (
    session_id TEXT NOT NULL REFERENCES auth_session (id) ON DELETE CASCADE,
    app_id TEXT NOT NULL REFERENCES auth_app (id) ON DELETE CASCADE,
    sid TEXT NOT NULL,
    subject TEXT NOT NULL,
    logout_uri TEXT,
    PRIMARY KEY (session_id, app_id)
);
CREATE INDEX auth_app_session_app ON auth_app_session (app_id);
