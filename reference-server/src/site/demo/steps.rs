//! The steps of the demo's sign-in: each with the request that an app sends and the answer that it gets.

use lysand_auth::config::BaseUrl;
use serde_json::{Value, json};

use crate::pages::contexts::{Message, Parameter, Step};
use crate::paths::DEMO_CALLBACK;

/// The demo's name, as the consent page shows it.
pub(super) const NAME: &str = "Built-in demo";

/// All that the demo asks for: to see who somebody is.
pub(super) const SCOPE: &str = "profile";

/// Where the demo takes the browser back.
#[must_use]
pub(super) fn redirect_uri(base_url: &BaseUrl) -> String {
    base_url.join(DEMO_CALLBACK)
}

/// The app asks for its credentials (Mastodon §2).
#[must_use]
pub(super) fn registration(base_url: &BaseUrl, answer: Value) -> Step {
    let redirect_uri = redirect_uri(base_url);
    Step {
        number: 1,
        title: "The app registers itself",
        explanation: "Once on each server, and without anybody’s help. An app keeps the answer for as long as it uses \
                      the server: registered apps are never removed.",
        request: Some(Message::form(
            &base_url.join("/api/v1/apps"),
            vec![
                Parameter::new("client_name", NAME, "The name that people see on the consent page."),
                Parameter::new(
                    "redirect_uris",
                    redirect_uri,
                    "Where the browser may be sent back to. Later requests must repeat it letter by letter.",
                ),
                Parameter::new(
                    "scopes",
                    SCOPE,
                    "The most that the app will ever ask for. Ask for as little as you need.",
                ),
            ],
        )),
        answer: Some(Message::json(
            200,
            answer,
            &["client_secret"],
            vec![
                Parameter::new("client_id", "", "Names the app in every later request."),
                Parameter::new("client_secret", "", "Proves that it is the app. It is shown in this answer only."),
            ],
        )),
    }
}

/// The parameters that the demo sent with the browser.
#[derive(Debug)]
pub(super) struct AuthorizeRequest<'a> {
    /// `client_id`
    pub(super) client_id: &'a str,
    /// `state`
    pub(super) state: &'a str,
    /// `code_challenge`
    pub(super) code_challenge: &'a str,
    /// `lang`
    pub(super) lang: Option<&'a str>,
}

/// The app sends the browser to the server (Mastodon §5.1).
#[must_use]
pub(super) fn authorize(base_url: &BaseUrl, sent: &AuthorizeRequest<'_>) -> Step {
    Step {
        number: 2,
        title: "The app sends the browser here",
        explanation: "A link or a redirect, never a request of the app’s own: the person must see which server asks for \
                      the password. Before it does so, the app makes up a secret, the verifier, and keeps it.",
        request: Some(Message::query(&base_url.join("/oauth/authorize"), authorize_parameters(base_url, sent))),
        answer: Some(Message::raw(
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8".to_owned(),
            Some("The sign-in page; or, for somebody who is signed in already, a redirect to the consent page."),
        )),
    }
}

fn authorize_parameters(base_url: &BaseUrl, sent: &AuthorizeRequest<'_>) -> Vec<Parameter> {
    let mut parameters = vec![
        Parameter::new("response_type", "code", "Always this."),
        Parameter::new("client_id", sent.client_id, "From step 1."),
        Parameter::new("redirect_uri", redirect_uri(base_url), "One that was registered in step 1."),
        Parameter::new("scope", SCOPE, "What the person is asked to allow: some or all of what was registered."),
        Parameter::new(
            "state",
            sent.state,
            "Made up for this sign-in. It comes back in step 4 and proves that the answer belongs to this browser.",
        ),
        Parameter::new(
            "code_challenge",
            sent.code_challenge,
            "The SHA-256 digest of the verifier, as base64url without padding.",
        ),
        Parameter::new("code_challenge_method", "S256", "Always this."),
    ];
    if let Some(lang) = sent.lang {
        let meaning = "The language of the pages, as it was asked for when the demo began.";
        parameters.push(Parameter::new("lang", lang, meaning));
    }
    parameters
}

/// The person signs in (Lysand §5). The app sees nothing of it, so the values are left out.
#[must_use]
pub(super) fn sign_in(base_url: &BaseUrl) -> Step {
    let login = base_url.join("/api/auth/login");
    let consent = base_url.join("/oauth/consent");
    Step {
        number: 3,
        title: "The person signs in",
        explanation: "Between browser and server only: the app takes no part and learns no password. A frontend that \
                      brings its own sign-in page sends this form, with the request of step 2 in the query.",
        request: Some(Message::raw(
            format!(
                "POST {login}?client_id=…\n  &redirect_uri=…\n  &response_type=code\n  &scope=…\n  &state=…\n  \
                 &code_challenge=…\n  &code_challenge_method=S256\nContent-Type: multipart/form-data\n\n\
                 identifier=…\n  &password=…"
            ),
            None,
        )),
        answer: Some(Message::raw(
            format!(
                "HTTP/1.1 302 Found\nLocation: {consent}?application=…\n  &client_id=…\n  &redirect_uri=…\n  &scope=…\n  \
                 &code=…\nSet-Cookie: jwt=…; HttpOnly; SameSite=Lax; Path=/"
            ),
            Some(
                "The code is worth nothing until the person has said yes. The cookie stays between browser and server.",
            ),
        )),
    }
}

/// The parameters with which the browser came back.
#[derive(Debug, Default)]
pub(super) struct Callback<'a> {
    /// `code`
    pub(super) code: Option<&'a str>,
    /// `state`
    pub(super) state: &'a str,
    /// `iss`
    pub(super) iss: Option<&'a str>,
    /// `error`
    pub(super) error: Option<&'a str>,
    /// `error_description`
    pub(super) error_description: Option<&'a str>,
}

/// The person decides, and the server sends the browser back to the app (Lysand §6, Mastodon §5.5, §5.6).
#[must_use]
pub(super) fn decision(base_url: &BaseUrl, callback: &Callback<'_>) -> Step {
    let request = match callback.error {
        None => {
            let redirect = base_url.join("/api/auth/redirect");
            format!("POST {redirect}?client_id=…\n  &redirect_uri=…\n  &code=…\nCookie: jwt=…")
        }
        Some(_) => {
            let deny = base_url.join("/oauth/authorize");
            format!("POST {deny}\nCookie: jwt=…\n\n_method=delete\n  &client_id=…\n  &redirect_uri=…\n  &code=…")
        }
    };
    Step {
        number: 4,
        title: "The person decides, and the browser comes back",
        explanation: "The consent page says who asks for what. Its two buttons send the browser to the app’s own address, \
                      with a code or with an error.",
        request: Some(Message::raw(request, None)),
        answer: Some(Message::redirect(&redirect_uri(base_url), callback_parameters(callback))),
    }
}

fn callback_parameters(callback: &Callback<'_>) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    if let Some(code) = callback.code {
        let meaning = "The person’s consent. It works once, within a minute, and only together with the verifier.";
        parameters.push(Parameter::secret("code", code, meaning));
    }
    if let Some(error) = callback.error {
        let meaning = "Why there is no code. “access_denied” means that the person said no.";
        parameters.push(Parameter::new("error", error, meaning));
    }
    if let Some(description) = callback.error_description {
        parameters.push(Parameter::new("error_description", description, "The same in a sentence."));
    }
    let meaning = "Equal to what was sent in step 2, or the app must not go on.";
    parameters.push(Parameter::new("state", callback.state, meaning));
    if let Some(iss) = callback.iss {
        let meaning = "Who answers: equal to “issuer” in the server’s metadata, or the app must not go on.";
        parameters.push(Parameter::new("iss", iss, meaning));
    }
    parameters
}

/// The parameters with which the demo redeemed the code.
#[derive(Debug)]
pub(super) struct TokenRequest<'a> {
    /// `client_id`
    pub(super) client_id: &'a str,
    /// `client_secret`
    pub(super) client_secret: &'a str,
    /// `code`
    pub(super) code: &'a str,
    /// `code_verifier`
    pub(super) code_verifier: &'a str,
}

/// The app redeems the code (Mastodon §6).
#[must_use]
pub(super) fn token(base_url: &BaseUrl, sent: &TokenRequest<'_>, status: u16, answer: Value) -> Step {
    let explained = match status {
        200 => vec![
            Parameter::new(
                "access_token",
                "",
                "The key to the account, within the scope. Keep it as you would keep a password.",
            ),
            Parameter::new("scope", "", "What the person allowed."),
        ],
        _ => vec![Parameter::new("error", "", "What an app goes by. The description is for you.")],
    };
    Step {
        number: 5,
        title: "The app redeems the code",
        explanation: "A request of the app’s own, without the browser. A form, a multipart form or JSON: all three are read.",
        request: Some(Message::form(
            &base_url.join("/oauth/token"),
            vec![
                Parameter::new("grant_type", "authorization_code", "Always this, to redeem a code."),
                Parameter::secret("code", sent.code, "From step 4."),
                Parameter::new("redirect_uri", redirect_uri(base_url), "The same as in step 2."),
                Parameter::new("client_id", sent.client_id, "From step 1."),
                Parameter::secret("client_secret", sent.client_secret, "From step 1."),
                Parameter::secret(
                    "code_verifier",
                    sent.code_verifier,
                    "The secret from step 2, now in the open: its digest must be the challenge.",
                ),
            ],
        )),
        answer: Some(Message::json(status, answer, &["access_token"], explained)),
    }
}

/// The app asks whom it speaks for (Mastodon §13).
#[must_use]
pub(super) fn verify(base_url: &BaseUrl, access_token: &str, entity: &Value) -> Step {
    Step {
        number: 6,
        title: "The app asks whom it speaks for",
        explanation: "The first request with the new token. The answer has more keys; these are the first ones that an app needs.",
        request: Some(Message::bearer(&base_url.join("/api/v1/accounts/verify_credentials"), access_token)),
        answer: Some(Message::json(200, excerpt(entity), &[], Vec::new())),
    }
}

fn excerpt(entity: &Value) -> Value {
    let keys = ["id", "username", "acct", "display_name", "url", "avatar", "created_at"];
    let mut excerpt = json!({});
    for key in keys {
        excerpt[key] = entity[key].clone();
    }
    excerpt
}

/// The app gives the token back (Mastodon §7).
#[must_use]
pub(super) fn revocation(base_url: &BaseUrl, client_id: &str, client_secret: &str, access_token: &str) -> Step {
    Step {
        number: 7,
        title: "The app signs out",
        explanation: "The demo needs the token no more and gives it back, as an app does when somebody signs out of it. \
                      The app stays registered.",
        request: Some(Message::form(
            &base_url.join("/oauth/revoke"),
            vec![
                Parameter::new("client_id", client_id, "From step 1."),
                Parameter::secret("client_secret", client_secret, "From step 1."),
                Parameter::secret("token", access_token, "From step 5."),
            ],
        )),
        answer: Some(Message::json(200, json!({}), &[], Vec::new())),
    }
}

/// Each step in each of its shapes, with one secret for all.
#[cfg(test)]
fn samples(secret: &str) -> Vec<Step> {
    let base_url = &BaseUrl::parse("https://social.example").unwrap();
    let registered = json!({ "client_id": "public", "client_secret": secret });
    let sent = TokenRequest { client_id: "public", client_secret: secret, code: secret, code_verifier: secret };
    let request = AuthorizeRequest { client_id: "public", state: "s", code_challenge: "c", lang: Some("de") };
    let yes = Callback { code: Some(secret), state: "s", iss: Some("i"), ..Callback::default() };
    let no = Callback { error: Some("e"), error_description: Some("d"), state: "s", ..Callback::default() };
    vec![
        registration(base_url, registered),
        authorize(base_url, &request),
        sign_in(base_url),
        decision(base_url, &yes),
        decision(base_url, &no),
        token(base_url, &sent, 200, json!({ "access_token": secret })),
        token(base_url, &sent, 400, json!({ "error": "e" })),
        verify(base_url, secret, &json!({ "id": "1" })),
        revocation(base_url, "public", secret, secret),
    ]
}

/// The texts of all steps, for those who translate them.
#[cfg(test)]
pub(crate) fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for step in samples("0123456789abcdef") {
        texts.extend([step.title, step.explanation]);
        for message in [step.request, step.answer].into_iter().flatten() {
            texts.extend(message.note);
            texts.extend(message.parameters.iter().map(|parameter| parameter.meaning));
        }
    }
    texts.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_story_steps_never_show_a_whole_secret() {
        let secret = "0123456789abcdef";
        let steps = samples(secret);
        let numbers: Vec<usize> = steps.iter().map(|step| step.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 4, 5, 5, 6, 7]);
        let shown = serde_json::to_string(&steps).unwrap();
        assert!(!shown.contains(secret) && shown.contains("012345…"));
    }
}
