//! Signing up with a program, with a password and with a passkey (native 1.4, NAT-28).

use lysand_auth::host::accounts::Accounts as _;
use serde_json::{Value, json};
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{Response, Story};

use super::synctv::{FAILED, Pair, SYNCTV, call, get, is_error, is_secret, login, opens, post};
use crate::people::{after, mail_with};

const PATH: &str = "/api/auth/register";
const PASSWORD: &str = "correct horse battery";

async fn register(story: &Story, body: &Value) -> Response {
    post(story, PATH, body).await
}

story!(synctv_register_signs_somebody_in_at_once_without_an_address, SYNCTV, |story| {
    let answer = register(&story, &json!({ "username": "ada", "password": PASSWORD })).await.is(200);
    is_secret(&answer);
    let told = answer.json();
    assert_eq!((&told["status"], &told["pending_review"]), (&json!("REGISTRATION_STATUS_REGISTERED"), &json!(null)));
    assert_eq!((&told["user"]["username"], &told["user"]["email"]), (&json!("ada"), &json!("")));
    assert!(opens(&story, &Pair::of(&answer).access).await);
    login(&story, "ada", PASSWORD).await.is(200);
    // One factor is none of two.
    let pair = Pair::of(&answer);
    let body = json!({ "two_factor_enabled": true });
    let few = "Two-factor authentication requires at least two usable verification methods: password, passkey, or verified email";
    let path = "/api/user/preferences";
    is_error(call(&story, reqwest::Method::PATCH, path, &pair.access, Some(&body)).await, 400, few);
});

story!(synctv_register_with_an_address_waits_for_its_confirmation, SYNCTV, |story| {
    let body = json!({ "username": "ada", "password": PASSWORD, "email": "ada@people.example" });
    let told = register(&story, &body).await.is(200).json();
    assert_eq!((&told["access_token"], &told["refresh_token"]), (&json!(""), &json!("")));
    assert_eq!(told["user"]["email_verified"], false);
    let unverified = "Email not verified. Please verify your email to continue.";
    is_error(login(&story, "ada", PASSWORD).await, 403, unverified);
    let mail = mail_with(&story, "ada@people.example", "token=").await;
    let token = after(&mail, "token=").to_owned();
    let confirm = async |email: &str, token: &str| {
        post(&story, "/api/email/verify/confirm", &json!({ "email": email, "token": token })).await
    };
    is_error(confirm("eve@people.example", &token).await, 400, "Invalid or expired verification token");
    is_error(confirm("ada@people.example", "x").await, 400, "Invalid or expired verification token");
    let done = confirm("ADA@people.example", &token).await.is(200);
    assert_eq!(done.json()["message"], "Email verified successfully");
    is_error(confirm("ada@people.example", &token).await, 400, "Invalid or expired verification token");
    Pair::of(&login(&story, "ada", PASSWORD).await.is(200));
});

story!(synctv_register_says_what_is_wrong_with_a_field, SYNCTV, |story| {
    story.person("ada").await;
    let taken = "Username or email already taken";
    is_error(register(&story, &json!({ "username": "Ada", "password": PASSWORD })).await, 409, taken);
    let common = "Password is too common. Please choose a stronger password.";
    is_error(register(&story, &json!({ "username": "eve", "password": "password123" })).await, 400, common);
    for body in [
        json!({ "username": "ab", "password": PASSWORD }),
        json!({ "username": "a".repeat(51), "password": PASSWORD }),
        json!({ "username": "admin", "password": PASSWORD }),
        json!({ "username": "eve", "password": "short" }),
        json!({ "username": "eve" }),
        json!({ "password": PASSWORD }),
        json!({ "username": "eve", "password": PASSWORD, "email": "nonsense" }),
    ] {
        register(&story, &body).await.is(400);
    }
});

story!(
    synctv_register_answers_a_taken_address_as_a_free_one,
    &[("native.synctv.enabled", "true"), ("signups.email_domains_blocked", "[\"blocked.example\"]")],
    |story| {
        let ada = story.person("ada").await;
        let told = |answer: Response| {
            let mut body = answer.is(200).json();
            for member in ["id", "username", "email", "created_at"] {
                body["user"][member] = json!(null);
            }
            body
        };
        let free = json!({ "username": "free", "password": PASSWORD, "email": "free@people.example" });
        let taken = json!({ "username": "taken", "password": PASSWORD, "email": ada.email });
        assert_eq!(told(register(&story, &free).await), told(register(&story, &taken).await));
        let blocked = json!({ "username": "blocked", "password": PASSWORD, "email": "a@blocked.example" });
        is_error(register(&story, &blocked).await, 400, "Email domain is not allowed for registration");
    }
);

story!(
    synctv_register_waits_for_staff_where_they_approve,
    &[("native.synctv.enabled", "true"), ("signups.approval", "true")],
    |story| {
        let told = register(&story, &json!({ "username": "ada", "password": PASSWORD })).await.is(200).json();
        assert_eq!(told["status"], "REGISTRATION_STATUS_PENDING_REVIEW", "{told}");
        assert_eq!((&told["user"], &told["access_token"]), (&json!(null), &json!("")));
        assert_eq!(told["pending_review"]["username"], "ada");
        is_error(login(&story, "ada", PASSWORD).await, 401, FAILED);
        let again = register(&story, &json!({ "username": "ada", "password": PASSWORD })).await;
        is_error(again, 409, "Pending registration username already exists");
    }
);

story!(
    synctv_register_is_closed_where_more_is_asked_unless_it_is_brought,
    &[("native.synctv.enabled", "true"), ("signups.minimum_age", "16")],
    |story| {
        let bare = json!({ "username": "ada", "password": PASSWORD });
        is_error(register(&story, &bare).await, 403, "Password registration is disabled");
        let old = json!({ "username": "ada", "password": PASSWORD, "dateOfBirth": "1990-01-01" });
        assert!(register(&story, &old).await.is(200).json()["accessToken"].is_string());
        let young = json!({ "username": "eve", "password": PASSWORD, "date_of_birth": "2024-01-01" });
        register(&story, &young).await.is(400);
        let story = story.restart(&[("signups.registration", "false")]).await;
        is_error(register(&story, &old).await, 403, "Password registration is disabled");
    }
);

story!(
    synctv_register_with_a_passkey,
    &[("native.synctv.enabled", "true"), ("factors.passkey_sign_up", "true")],
    |story| {
        let start = async |body: Value| post(&story, "/api/auth/passkeys/registration/start", &body).await;
        let finish = async |session: &str, credential: &Value| {
            let body = json!({ "session_id": session, "credential": credential });
            post(&story, "/api/auth/passkeys/registration/finish", &body).await
        };
        let begun = start(json!({ "username": "ada", "name": "laptop" })).await.is(200).json();
        let session = begun["session_id"].as_str().expect("a handle").to_owned();
        assert_eq!(session.len(), 48);
        let accounts = &story.server().state().accounts;
        assert!(accounts.by_identifier("ada").await.expect("an answer").is_none(), "nothing is kept of it");
        let mut passkey = SoftPasskey::new(story.base());
        let credential = passkey.create(&begun["options"]);
        let answer = finish(&session, &credential).await.is(200);
        let pair = Pair::of(&answer);
        let told = get(&story, "/api/user/preferences", &pair.access).await.is(200).json();
        assert_eq!(
            (&told["auth_factors"]["password"], &told["auth_factors"]["webauthn"]),
            (&json!(false), &json!(true))
        );
        is_error(finish(&session, &credential).await, 401, FAILED);
        is_error(finish("x", &credential).await, 401, FAILED);
        is_error(start(json!({ "username": "ada" })).await, 409, "Username or email already taken");
        // It signs its owner in, and nothing else does.
        let begun = post(&story, "/api/auth/passkeys/login/start", &json!({})).await.is(200).json();
        let body = json!({ "session_id": begun["session_id"], "credential": passkey.get(&begun["options"]) });
        Pair::of(&post(&story, "/api/auth/passkeys/login/finish", &body).await.is(200));
        is_error(login(&story, "ada", PASSWORD).await, 401, FAILED);
    }
);

story!(synctv_register_with_a_passkey_is_closed_unless_it_is_on, SYNCTV, |story| {
    let answer = post(&story, "/api/auth/passkeys/registration/start", &json!({ "username": "ada" })).await;
    if answer.status != 200 {
        is_error(answer, 403, "WebAuthn registration is disabled");
    }
});
