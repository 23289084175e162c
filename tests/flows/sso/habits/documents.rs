//! What providers say of themselves.

use tests::misbehaving_provider::Part::{Document, Signer};
use tests::story;

use super::Outcome::{Borne, NotAsked, Refused};
use super::{Habit, check_all};

/// One line a habit.
#[rustfmt::skip]
const DOCUMENTS: &[Habit] = &[
    ("Auth0: addresses of a device and of logout", &[(Document, r#"{"device_authorization_endpoint":"$URL/device","mfa_challenge_endpoint":"$URL/mfa","end_session_endpoint":"","request_uri_parameter_supported":false}"#)], Borne),
    ("Apple: no user endpoint, post alone", &[(Document, r#"{"userinfo_endpoint":"(absent)","token_endpoint_auth_methods_supported":["client_secret_post"],"response_modes_supported":["query","fragment","form_post"]}"#)], Borne),
    ("ADFS: members of its own", &[(Document, r#"{"access_token_issuer":"http://x/adfs/services/trust","microsoft_multi_refresh_token":true,"as_access_token_token_binding_supported":true,"capabilities":["kdf_ver2"]}"#)], Borne),
    ("ADFS: many ways to prove who one is", &[(Document, r#"{"token_endpoint_auth_methods_supported":["client_secret_post","client_secret_basic","private_key_jwt","windows_client_authentication"]}"#)], Borne),
    ("Entra: a logout channel as text, cloud names", &[(Document, r#"{"tenant_region_scope":"EU","cloud_instance_name":"x","http_logout_supported":"true","frontchannel_logout_supported":"true","rbac_url":"https://pas.example"}"#)], Borne),
    ("Entra v2, common: the issuer is a pattern", &[(Document, r#"{"issuer":"https://login.example/{tenantid}/v2.0"}"#)], NotAsked),
    ("Entra v1: the issuer of another host", &[(Document, r#"{"issuer":"https://sts.windows.example/t/"}"#)], NotAsked),
    ("Forgejo: the issuer with a slash more", &[(Document, r#"{"issuer":"$URL/"}"#)], NotAsked),
    ("Keycloak: addresses under mutual TLS", &[(Document, r#"{"mtls_endpoint_aliases":{"token_endpoint":"$URL/mtls"},"tls_client_certificate_bound_access_tokens":true}"#)], Borne),
    ("Canaille: empty addresses of its rules", &[(Document, r#"{"op_policy_uri":"","op_tos_uri":"","service_documentation":"","registration_endpoint":""}"#)], Borne),
    ("JumpCloud: booleans as text", &[(Document, r#"{"claims_parameter_supported":"true","require_request_uri_registration":"false","request_parameter_supported":"no"}"#)], Borne),
    ("Okta: unknown grants and modes", &[(Document, r#"{"grant_types_supported":["authorization_code","urn:openid:params:grant-type:ciba"],"response_modes_supported":["okta_post_message"],"subject_types_supported":["odd"]}"#)], Borne),
    ("Google: claims and scopes as text", &[(Document, r#"{"claims_supported":"sub","scopes_supported":"openid"}"#)], Borne),
    ("Twitch: no subject types, no response types", &[(Document, r#"{"subject_types_supported":"(absent)","response_types_supported":"(absent)"}"#)], Borne),
    ("Twitch: basic is not named", &[(Document, r#"{"token_endpoint_auth_methods_supported":["client_secret_post"]}"#)], Borne),
    ("GitLab: null members", &[(Document, r#"{"acr_values_supported":null,"check_session_iframe":null,"ui_locales_supported":null,"userinfo_endpoint":null}"#)], Borne),
    ("Dex: addresses of its own, no methods named", &[(Document, r#"{"token_endpoint_auth_methods_supported":"(absent)","introspection_endpoint":"$URL/i"}"#)], Borne),
    ("Kanidm: methods as text", &[(Document, r#"{"token_endpoint_auth_methods_supported":"client_secret_post"}"#)], Borne),
    ("Zitadel: methods without a secret beside ours", &[(Document, r#"{"token_endpoint_auth_methods_supported":["none","client_secret_basic","private_key_jwt"]}"#)], Borne),
    ("a bank: no method with a secret", &[(Document, r#"{"token_endpoint_auth_methods_supported":["private_key_jwt","tls_client_auth"]}"#)], NotAsked),
    ("Authelia: algorithms that nobody knows", &[(Document, r#"{"id_token_signing_alg_values_supported":["ML-DSA-44","ES256K","EdDSA","none"]}"#)], Borne),
    ("LemonLDAP::NG: algorithm as text", &[(Document, r#"{"id_token_signing_alg_values_supported":"EdDSA"}"#)], Borne),
    ("Discord: no algorithms, RS256", &[(Signer, "RS256"), (Document, r#"{"id_token_signing_alg_values_supported":"(absent)"}"#)], Borne),
    ("odd: no algorithms, another than RS256", &[(Document, r#"{"id_token_signing_alg_values_supported":"(absent)"}"#)], Refused),
    ("odd: only algorithms of a secret", &[(Document, r#"{"id_token_signing_alg_values_supported":["HS256"]}"#)], Refused),
    ("authentik: iss in callbacks, as text", &[(Document, r#"{"authorization_response_iss_parameter_supported":"true"}"#)], Borne),
    ("odd: an empty user endpoint", &[(Document, r#"{"userinfo_endpoint":""}"#)], Borne),
    ("odd: a user endpoint that is a list", &[(Document, r#"{"userinfo_endpoint":["$URL/userinfo"]}"#)], NotAsked),
    ("odd: a user endpoint without https", &[(Document, r#"{"userinfo_endpoint":"ftp://id.example/u"}"#)], NotAsked),
    ("odd: no token endpoint", &[(Document, r#"{"token_endpoint":"(absent)"}"#)], NotAsked),
    ("odd: a token endpoint that is a number", &[(Document, r#"{"token_endpoint":1}"#)], NotAsked),
    ("odd: a token endpoint with a password", &[(Document, r#"{"token_endpoint":"https://u:p@id.example/token"}"#)], NotAsked),
    ("odd: an authorization endpoint with a fragment", &[(Document, r#"{"authorization_endpoint":"$URL/authorize#x"}"#)], NotAsked),
    ("odd: an authorization endpoint that is a script", &[(Document, r#"{"authorization_endpoint":"javascript:alert(1)"}"#)], NotAsked),
    ("odd: no keys", &[(Document, r#"{"jwks_uri":"(absent)"}"#)], NotAsked),
    ("odd: keys in the document", &[(Document, r#"{"jwks_uri":"","jwks":{"keys":[$KEY]}}"#)], NotAsked),
    ("odd: no issuer", &[(Document, r#"{"issuer":"(absent)"}"#)], NotAsked),
    ("odd: the issuer as a list", &[(Document, r#"{"issuer":["$URL"]}"#)], NotAsked),
    ("application/octet-stream", &[(Document, "@application/octet-stream {}")], Borne),
    ("text/html", &[(Document, "@text/html {}")], Borne),
    ("a mark of the byte order before it", &[(Document, "=\u{feff}$BODY")], Borne),
    ("404", &[(Document, "!404 @text/html =<html>")], NotAsked),
    ("403 of a gateway", &[(Document, "!403 =")], NotAsked),
    ("503", &[(Document, "!503 =")], NotAsked),
    ("201", &[(Document, "!201 {}")], NotAsked),
];

story!(habits_of_documents_at_sign_in_and_link, |story| {
    check_all(story, "", DOCUMENTS).await;
});
