//! What providers answer when a code is redeemed.

use tests::misbehaving_provider::Part::{Claims, Token};
use tests::story;

use super::Outcome::{Borne, NoAnswer, Refused};
use super::{Habit, check_all};

/// One line a habit.
#[rustfmt::skip]
const ANSWERS: &[Habit] = &[
    ("Entra v1: numbers as text", &[(Token, r#"{"expires_in":"3599","ext_expires_in":"3599","expires_on":"1700000000","not_before":"1700000000","resource":"r"}"#)], Borne),
    ("Entra v2: client_info", &[(Token, r#"{"ext_expires_in":3599,"client_info":"eyJ1aWQi","scope":"openid profile email"}"#)], Borne),
    ("Entra B2C: an ID token alone", &[(Token, r#"{"access_token":"(absent)","not_before":1,"id_token_expires_in":3600}"#), (Claims, r#"{"at_hash":"(absent)"}"#)], Borne),
    ("ADFS: refresh_token_expires_in, id_token_type", &[(Token, r#"{"refresh_token_expires_in":28799,"resource":"urn:microsoft:userinfo","refresh_token":"r"}"#)], Borne),
    ("Twitch: scope as a list", &[(Token, r#"{"scope":["openid"]}"#)], Borne),
    ("Auth0: expires_in with a fraction", &[(Token, r#"{"expires_in":3600.0}"#)], Borne),
    ("Kanidm: scope null", &[(Token, r#"{"scope":null,"refresh_token":null}"#)], Borne),
    ("Salesforce: instance_url, signature, issued_at", &[(Token, r#"{"instance_url":"https://x","signature":"s","issued_at":"1700000000000","id":"https://x/id"}"#)], Borne),
    ("Slack: ok", &[(Token, r#"{"ok":true,"state":""}"#)], Borne),
    ("JumpCloud: bearer in small letters", &[(Token, r#"{"token_type":"bearer"}"#)], Borne),
    ("Okta: Bearer", &[(Token, r#"{"token_type":"Bearer"}"#)], Borne),
    ("Gitea, old: BEARER", &[(Token, r#"{"token_type":"BEARER"}"#)], Borne),
    ("a social network: no token_type", &[(Token, r#"{"token_type":"(absent)"}"#)], Borne),
    ("odd: expires_in below zero", &[(Token, r#"{"expires_in":-1}"#)], Borne),
    ("odd: expires_in null", &[(Token, r#"{"expires_in":null}"#)], Borne),
    ("odd: expires_in absent", &[(Token, r#"{"expires_in":"(absent)"}"#)], Borne),
    ("odd: expires_in as a list", &[(Token, r#"{"expires_in":[3600]}"#)], Borne),
    ("odd: token_type null", &[(Token, r#"{"token_type":null}"#)], Refused),
    ("odd: token_type empty", &[(Token, r#"{"token_type":""}"#)], Refused),
    ("odd: token_type mac", &[(Token, r#"{"token_type":"mac"}"#)], Refused),
    ("odd: token_type DPoP", &[(Token, r#"{"token_type":"DPoP"}"#)], Refused),
    ("odd: token_type N_A", &[(Token, r#"{"token_type":"N_A"}"#)], Refused),
    ("odd: token_type as a list", &[(Token, r#"{"token_type":["bearer"]}"#)], Refused),
    ("odd: token_type with a blank", &[(Token, r#"{"token_type":"bearer "}"#)], Refused),
    ("odd: access_token as a number", &[(Token, r#"{"access_token":17}"#)], Refused),
    ("odd: access_token null", &[(Token, r#"{"access_token":null}"#)], Refused),
    ("odd: access_token with a blank", &[(Token, r#"{"access_token":"a b"}"#)], Refused),
    ("odd: no access token, and an at_hash of one", &[(Token, r#"{"access_token":"(absent)"}"#)], Refused),
    ("odd: id_token null", &[(Token, r#"{"id_token":null}"#)], Refused),
    ("odd: id_token as a list", &[(Token, r#"{"id_token":[]}"#)], Refused),
    ("text/plain", &[(Token, "@text/plain {}")], Borne),
    ("text/html", &[(Token, "@text/html {}")], Borne),
    ("text/javascript", &[(Token, "@text/javascript {}")], Borne),
    ("application/octet-stream", &[(Token, "@application/octet-stream {}")], Borne),
    ("application/json with a character set", &[(Token, "@application/json;charset=ISO-8859-1 {}")], Borne),
    ("201 Created", &[(Token, "!201 {}")], Borne),
    ("a mark of the byte order before it", &[(Token, "=\u{feff}$BODY")], Borne),
    ("line breaks around it", &[(Token, "=\r\n$BODY\r\n\r\n")], Borne),
    ("something after it", &[(Token, "=$BODY{}")], Refused),
    ("GitHub: an error with 200", &[(Token, r#"={"error":"bad_verification_code","error_description":"x"}"#)], Refused),
    ("GitHub, unasked: a form", &[(Token, "@application/x-www-form-urlencoded =access_token=a&token_type=bearer")], Refused),
    ("a wrong secret", &[(Token, r#"!401 ={"error":"invalid_client"}"#)], Refused),
    ("a wrong redirect URI", &[(Token, r#"!400 ={"error":"invalid_grant","error_description":"redirect_uri"}"#)], Refused),
    ("a social network: an error that is an object", &[(Token, r#"!400 ={"error":{"type":"OAuthException","code":190}}"#)], Refused),
    ("a page with 200", &[(Token, "@text/html =<html>")], Refused),
    ("nothing at all", &[(Token, "=")], Refused),
    ("a list", &[(Token, "=[]")], Refused),
    ("a gateway in front: 503", &[(Token, "!503 @text/html =<html>")], NoAnswer),
    ("a gateway in front: 502 without a body", &[(Token, "!502 =")], NoAnswer),
    ("too many requests", &[(Token, r#"!429 ={"error":"slow_down"}"#)], NoAnswer),
];

story!(habits_of_token_answers_at_sign_in_and_link, |story| {
    check_all(story, "", ANSWERS).await;
});
