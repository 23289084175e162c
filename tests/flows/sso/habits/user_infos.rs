//! What providers answer at their user endpoint.

use tests::misbehaving_provider::Part::{Info, SignedInfo, Signer};
use tests::story;

use super::Outcome::{Borne, Refused};
use super::{Habit, check_all};

/// One line a habit.
#[rustfmt::skip]
const ANSWERS: &[Habit] = &[
    ("Cognito: email_verified as text, no preferred_username", &[(Info, r#"{"email_verified":"true","username":"ada","preferred_username":"(absent)"}"#)], Borne),
    ("Entra: little more than sub", &[(Info, r#"{"email":"(absent)","email_verified":"(absent)","preferred_username":"(absent)","picture":"https://graph.example/photo"}"#)], Borne),
    ("ADFS: sub alone", &[(Info, r#"={"sub":"$SUB"}"#)], Borne),
    ("Auth0: updated_at as a date", &[(Info, r#"{"updated_at":"2026-01-05T10:00:00.000Z"}"#)], Borne),
    ("Okta: address, zoneinfo", &[(Info, r#"{"address":{"country":"US"},"zoneinfo":"America/Los_Angeles","updated_at":1700000000}"#)], Borne),
    ("GitLab: groups", &[(Info, r#"{"groups":["a/b"],"profile":"https://gitlab.example/ada","website":""}"#)], Borne),
    ("Keycloak: address as text, gender as a number", &[(Info, r#"{"address":"x","gender":1}"#)], Borne),
    ("Canaille: lists", &[(Info, r#"{"phone_number":["+1"],"name":["Ada"],"email":["a@b.example"]}"#)], Borne),
    ("Forgejo: empty texts", &[(Info, r#"{"name":"","email":"","preferred_username":""}"#)], Borne),
    ("Discord: nulls", &[(Info, r#"{"nickname":null,"preferred_username":null,"email":null,"email_verified":null}"#)], Borne),
    ("Zitadel: signed", &[(SignedInfo, "{}")], Borne),
    ("Keycloak: signed with RS256", &[(Signer, "RS256"), (SignedInfo, "{}")], Borne),
    ("Authelia: signed, without iss and aud", &[(SignedInfo, r#"{"iss":"(absent)","aud":"(absent)"}"#)], Borne),
    ("signed, aud as a list", &[(SignedInfo, r#"{"aud":["$CLIENT","another"]}"#)], Borne),
    ("signed for another client: not used", &[(SignedInfo, r#"{"aud":"another","preferred_username":"mallory"}"#)], Borne),
    ("signed by another issuer: not used", &[(SignedInfo, r#"{"iss":"https://another.example"}"#)], Borne),
    ("signed, of another person", &[(SignedInfo, r#"{"sub":"somebody else"}"#)], Refused),
    ("signed with nothing: not used", &[(Info, "@application/jwt =eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.")], Borne),
    ("signed by a key that nobody has: not used", &[(Info, "@application/jwt =eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJtYWxsb3J5In0.c2ln")], Borne),
    ("encrypted: not used", &[(Info, "@application/jwt =eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d")], Borne),
    ("another person", &[(Info, r#"{"sub":"somebody else"}"#)], Refused),
    ("another person, by the case of a letter", &[(Info, r#"{"sub":"Subject of eve"}"#)], Refused),
    ("Entra: 401", &[(Info, r#"!401 ={"error":"invalid_token"}"#)], Borne),
    ("Entra: 403 of the graph", &[(Info, "!403 =")], Borne),
    ("404", &[(Info, "!404 @text/html =<html>")], Borne),
    ("429", &[(Info, "!429 =")], Borne),
    ("503", &[(Info, "!503 =")], Borne),
    ("204", &[(Info, "!204 =")], Borne),
    ("a page", &[(Info, "@text/html =<html>")], Borne),
    ("nothing", &[(Info, "=")], Borne),
    ("null", &[(Info, "=null")], Borne),
    ("a list of people", &[(Info, r#"=[{"sub":"$SUB"}]"#)], Borne),
    ("an object around it", &[(Info, r#"={"data":{"sub":"$SUB"}}"#)], Borne),
    ("text/plain", &[(Info, "@text/plain {}")], Borne),
    ("application/octet-stream", &[(Info, "@application/octet-stream {}")], Borne),
    ("odd: sub as a number", &[(Info, r#"{"sub":17}"#)], Borne),
    ("odd: no sub", &[(Info, r#"{"sub":"(absent)","preferred_username":"mallory"}"#)], Borne),
    ("odd: sub is null", &[(Info, r#"{"sub":null}"#)], Borne),
];

story!(habits_of_user_infos_at_sign_in_and_link, |story| {
    check_all(story, "", ANSWERS).await;
});
