use jsonwebtoken::DecodingKey;

use super::*;
use crate::ambient::Ambient;
use crate::keys::{Rsa, new_key};
use crate::model::account::AccountId;
use crate::model::session::Session;
use crate::signing::CookieProblem;

fn proven() -> ProvenBy {
    ProvenBy { methods: vec!["pop".to_owned(), "mfa".to_owned()], at: now() }
}

fn claims(proven: &ProvenBy) -> IdClaims<'_> {
    IdClaims { subject: "s", audience: "c", nonce: Some("n"), proven: Some(proven), session: Some("x") }
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000)
}

fn base() -> BaseUrl {
    BaseUrl::parse("https://social.example").unwrap()
}

/// None where the library is built without RS256.
fn test_key() -> Rsa {
    let pem = include_str!("../../../../tests/keys/jwt-rsa.pem");
    if cfg!(feature = "rs256") { Rsa::Pems(vec![Secret::new(pem)]) } else { Rsa::None }
}

#[test]
fn id_token_verifies_with_published_jwk_and_is_no_session_cookie() {
    let keys = SigningKeys::read(&[new_key(&Ambient::system())], &Rsa::None).unwrap();
    let token = keys.sign_id_token(&OpenIdSigner::EdDsa, &claims(&proven()), &base(), now()).unwrap();
    let published = serde_json::to_value(&keys.public[0]).unwrap();
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(published.clone()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_audience(&["c"]);
    validation.set_issuer(&["https://social.example/"]);
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let read = jsonwebtoken::decode::<Value>(token.expose(), &key, &validation).unwrap();
    assert_eq!(read.header.kid.as_deref(), published["kid"].as_str());
    assert_eq!((&read.claims["sub"], &read.claims["nonce"]), (&"s".into(), &"n".into()));
    assert_eq!((&read.claims["auth_time"], &read.claims["sid"]), (&1_700_000_000.into(), &"x".into()));
    assert_eq!((&read.claims["acr"], &read.claims["amr"]), (&json!("phr"), &json!(["pop", "user", "mfa"])));
    assert_eq!(keys.verify_session(token.expose(), &base(), now()), Err(CookieProblem::Unverifiable));
}

#[tokio::test]
async fn id_token_of_each_algorithm_is_understood_and_nothing_else() {
    let ambient = Ambient::system();
    let keys = SigningKeys::read(&[new_key(&ambient)], &test_key()).unwrap();
    let others = SigningKeys::read(&[new_key(&ambient)], &Rsa::None).unwrap();
    let understood = |token: &str| keys.understand_id_token(token, &base());
    for algorithm in keys.algorithms() {
        let signer = keys.signer(*algorithm).await.unwrap().unwrap();
        let token = keys.sign_id_token(&signer, &claims(&proven()), &base(), now()).unwrap();
        let said = understood(token.expose()).unwrap();
        assert_eq!((said.sub.as_str(), said.aud.as_str(), said.sid.as_deref()), ("s", "c", Some("x")));
        assert_eq!(others.understand_id_token(token.expose(), &base()), None, "of another server");
        let elsewhere = BaseUrl::parse("https://other.example").unwrap();
        assert_eq!(keys.understand_id_token(token.expose(), &elsewhere), None);
        let (message, signature) = token.expose().rsplit_once('.').unwrap();
        let (head, _) = message.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(r#"{"iss":"https://social.example/","sub":"t","aud":"c"}"#);
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        for forged in [format!("{head}.{other}.{signature}"), format!("{message}."), format!("{none}.{other}.")] {
            assert_eq!(understood(&forged), None, "{forged}");
        }
        let claims = LogoutClaims { subject: "s", audience: "c", session: "x", id: "j" };
        let logout = keys.sign_logout_token(&signer, &claims, &base(), now()).unwrap();
        assert_eq!(understood(logout.expose()), None, "a logout token is no hint");
    }
    let session = Session::begin("s", AccountId::new("a"), &crate::config::Lifetimes::default(), now());
    let cookie = keys.sign_session(&session, &base(), &ambient).unwrap();
    assert_eq!(understood(cookie.expose()), None, "nor is a session cookie");
    for garbage in ["", ".", "a.b.c", "....", &"x".repeat(10_000)] {
        assert_eq!(understood(garbage), None);
    }
    assert_eq!(others.algorithms(), [SigningAlg::EdDsa]);
    assert!(others.signer(SigningAlg::Rs256).await.unwrap().is_none());
}

#[cfg(feature = "rs256")]
#[tokio::test]
async fn rsa_key_is_published_with_its_thumbprint() {
    let keys = SigningKeys::read(&[new_key(&Ambient::system())], &test_key()).unwrap();
    let published = serde_json::to_value(keys.public().await.unwrap()).unwrap();
    let rsa = &published[1];
    assert_eq!((&rsa["kty"], &rsa["alg"], &rsa["use"]), (&"RSA".into(), &"RS256".into(), &"sig".into()));
    let canonical =
        format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, rsa["e"].as_str().unwrap(), rsa["n"].as_str().unwrap());
    assert_eq!(rsa["kid"], crate::secret::Digest::of(canonical.as_bytes()).to_base64url());
    assert!(rsa.get("crv").is_none() && rsa.get("d").is_none() && published[0].get("n").is_none());
}
