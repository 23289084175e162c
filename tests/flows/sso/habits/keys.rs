//! What providers publish as their keys.

use tests::misbehaving_provider::Part::{Header, Key, Keys, Signer};
use tests::story;

use super::Outcome::{Borne, NotAsked, Refused};
use super::{Habit, check_all};

/// One line a habit.
#[rustfmt::skip]
const SETS: &[Habit] = &[
    ("Entra: certificates beside the key, no alg", &[(Signer, "RS256"), (Key, r#"{"alg":"(absent)","x5t":"t","x5c":["MIIB"],"issuer":"https://login.example/t/v2.0"}"#)], Borne),
    ("ADFS: an empty x5c", &[(Key, r#"{"x5c":""}"#)], Borne),
    ("Keycloak: a key for encryption beside it", &[(Keys, r#"{"keys":[{"kid":"e","kty":"RSA","alg":"RSA-OAEP","use":"enc","n":"AQAB","e":"AQAB"},$KEY]}"#)], Borne),
    ("Auth0: use is not said", &[(Key, r#"{"use":"(absent)"}"#)], Borne),
    ("Dex: rotated keys beside it", &[(Keys, r#"{"keys":[{"kid":"old","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},$KEY]}"#)], Borne),
    ("Authelia: the same key twice", &[(Keys, r#"{"keys":[$KEY,$KEY]}"#)], Borne),
    ("Zitadel: members that nobody needs", &[(Key, r#"{"exp":1,"nbf":"x","iat":null,"key_ops":["verify"]}"#)], Borne),
    ("Google: a set with a time", &[(Keys, r#"{"expires":"2026-01-01","keys":[$KEY]}"#)], Borne),
    ("LemonLDAP::NG: a key without kid", &[(Key, r#"{"kid":"(absent)"}"#), (Header, r#"{"kid":"(absent)"}"#)], Borne),
    ("Synology: kid in the token alone", &[(Key, r#"{"kid":"(absent)"}"#)], Borne),
    ("Kanidm: key types that are new", &[(Keys, r#"{"keys":[{"kty":"AKP","kid":"q","alg":"ML-DSA-44","pub":"AA"},{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA","kid":"k"},$KEY]}"#)], Borne),
    ("GitLab: keys of other curves", &[(Keys, r#"{"keys":[{"kty":"EC","crv":"P-521","x":"AA","y":"AA","kid":"k"},{"kty":"OKP","crv":"X25519","x":"AA","kid":"x"},$KEY]}"#)], Borne),
    ("Forgejo: a secret's key beside it", &[(Keys, r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"o"},$KEY]}"#)], Borne),
    ("RFC 9864: alg is Ed25519", &[(Key, r#"{"alg":"Ed25519"}"#)], Borne),
    ("application/octet-stream", &[(Keys, "@application/octet-stream {}")], Borne),
    ("application/jwk-set+json", &[(Keys, "@application/jwk-set+json {}")], Borne),
    ("odd: use is empty", &[(Key, r#"{"use":""}"#)], Borne),
    ("odd: members that are null", &[(Key, r#"{"use":null,"alg":null,"key_ops":null,"d":null}"#)], Borne),
    ("odd: key_ops is for signing", &[(Key, r#"{"key_ops":["sign"]}"#)], Borne),
    ("odd: entries that are no keys", &[(Keys, r#"{"keys":[null,1,"x",[],{},$KEY]}"#)], Borne),
    ("odd: x is unreadable in another key", &[(Keys, r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"!","kid":"o"},$KEY]}"#)], Borne),
    ("a key for encryption: use", &[(Key, r#"{"use":"enc"}"#)], Refused),
    ("a key for encryption: key_ops", &[(Key, r#"{"key_ops":["encrypt"]}"#)], Refused),
    ("a key for nothing", &[(Key, r#"{"key_ops":[]}"#)], Refused),
    ("a key for another algorithm", &[(Key, r#"{"alg":"RS256"}"#)], Refused),
    ("a key for encryption: alg", &[(Key, r#"{"alg":"ECDH-ES"}"#)], Refused),
    ("an RSA key of 1,024 bits", &[(Signer, "RSA1024")], Refused),
    ("an RSA key of 1,024 bits with zeros before it", &[(Signer, "RSA1024"), (Key, r#"{"e":"AAAAAQAB"}"#)], Refused),
    ("an RSA key that anybody signs with", &[(Signer, "RS256"), (Key, r#"{"e":"AQ"}"#)], Refused),
    ("a key with its private part", &[(Key, r#"{"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#)], NotAsked),
    ("another key with its private part", &[(Keys, r#"{"keys":[$KEY,{"kty":"RSA","kid":"o","n":"AQAB","e":"AQAB","p":"AQAB"}]}"#)], NotAsked),
    ("a key of another kid", &[(Key, r#"{"kid":"another"}"#)], Refused),
    ("no keys in the set", &[(Keys, r#"{"keys":[]}"#)], Refused),
    ("no list of keys", &[(Keys, r#"{"keys":"(absent)"}"#)], NotAsked),
    ("keys as an object", &[(Keys, r#"{"keys":{"one":$KEY}}"#)], NotAsked),
    ("a bare list of keys", &[(Keys, "=[$KEY]")], NotAsked),
    ("a page", &[(Keys, "@text/html =<html>")], NotAsked),
    ("404", &[(Keys, "!404 =")], NotAsked),
];

story!(habits_of_key_sets_at_sign_in_and_link, |story| {
    check_all(story, "", SETS).await;
});
