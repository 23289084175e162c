//! What somebody who knows an address learns of it: nothing (people PPL-191 to PPL-195, security ID-1).

use std::time::Duration;

use lysand_auth::flows::outbox;
use serde_json::{Value, json};
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Story};

use super::{after, form, form_token, mails_to, sign_up};

const LIMITED: &[(&str, &str)] = &[
    ("signups.proof_of_work", "false"),
    ("ratelimit.enabled", "true"),
    ("ratelimit.signup_address.max", "100"),
    ("ratelimit.confirm_address.max", "1000"),
    ("ratelimit.forgot_address.max", "1000"),
    ("ratelimit.token_links.max", "1000"),
];
const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];

/// The states that an address can be in, each with one of its own.
async fn addresses(story: &Story) -> [(&'static str, String); 4] {
    let confirmed = story.person("ada").await.email;
    sign_up(story, "grace", "grace@example.com").await;
    sign_up(story, "hedy", "hedy@example.com").await;
    let mail = mails_to(story, "hedy@example.com", 1).await.remove(0);
    let token = after(&mail, "/register/confirm?token=").to_owned();
    let mut jar = CookieJar::default();
    let form = form_token(story, &mut jar, &format!("/register/confirm?token={token}")).await;
    let fields = [("form_token", &*form), ("token", &*token), ("do", "disown")];
    story.post("/register/confirm").cookies(&jar).form(&fields).send().await.is(200);
    // What counts by the hour and by the day does not count any more; that somebody wants no mail still does.
    story.advance_clock(Duration::from_secs(3_700));
    [
        ("free", "free@example.com".to_owned()),
        ("confirmed", confirmed),
        ("unconfirmed", "grace@example.com".to_owned()),
        ("disowned", "hedy@example.com".to_owned()),
    ]
}

/// Posts with what one waits with; the status and the body.
async fn with_token(story: &Story, what: &str, token: &Value, more: (&str, &str)) -> (u16, String) {
    let body = json!({ "waiting_token": token, more.0: more.1 });
    let answer = story.post(&format!("/api/v1/auth/signup/{what}")).json(&body).send().await;
    (answer.status.as_u16(), answer.body.clone())
}

async fn rows(story: &Story) -> usize {
    outbox::list(&story.server().state().auth, None, 1_000).await.expect("a list").len()
}

/// All that a program sees which signs up with an address, waits, guesses, asks again, and meanwhile asks for a new password.
async fn seen_by_program(story: &Story, name: &str, address: &str) -> Vec<String> {
    let before = rows(story).await;
    let made = story.post("/api/v1/auth/signup").form(&form(name, address)).send().await.is(201);
    let token = made.json()["waiting_token"].clone();
    let mut seen = vec![format!("{:?} {}", made.json().as_object().map(|body| body.len()), made.json()["state"])];
    seen.push(format!("{:?}", with_token(story, "confirm", &token, ("code", "00000000")).await));
    // The mail goes out, or none does.
    story.mail().await;
    for number in 0..6 {
        let code = format!("0000000{number}");
        let answer = with_token(story, "confirm", &token, ("code", &code)).await;
        // Five count. Whether the one above did depends on which was first, it or the mail: so the fifth here can be the sixth.
        if number != 4 {
            seen.push(format!("{answer:?}"));
        }
    }
    seen.push(format!("{:?}", with_token(story, "resend", &token, ("", "")).await));
    story.advance_clock(Duration::from_secs(61));
    let wait = |(_, body): (u16, String)| serde_json::from_str::<Value>(&body).expect("JSON")["resend_after"].clone();
    seen.push(wait(with_token(story, "state", &token, ("", "")).await).to_string());
    // Whoever asks for a new password of the address does not tell the program that waits whether there is an account.
    let forgot = json!({ "identifier": address });
    let answer = story.post("/api/v1/auth/password/forgot").json(&forgot).send().await;
    seen.push(format!("{} {}", answer.status, answer.body));
    story.mail().await;
    seen.push(wait(with_token(story, "state", &token, ("", "")).await).to_string());
    seen.push(format!("{:?}", with_token(story, "confirm", &token, ("code", "00000001")).await));
    seen.push(format!("{:?}", with_token(story, "resend", &token, ("", "")).await));
    story.mail().await;
    seen.push(format!("{:?}", with_token(story, "confirm", &token, ("code", "00000002")).await));
    seen.push(wait(with_token(story, "state", &token, ("", "")).await).to_string());
    seen.push(format!("{} rows", rows(story).await - before));
    let elsewhere = with_token(story, "email", &token, ("email", address)).await;
    story.mail().await;
    seen.push(format!("{elsewhere:?}"));
    seen.push(format!("{:?}", with_token(story, "confirm", &token, ("code", "00000003")).await));
    let state = with_token(story, "state", &token, ("", "")).await;
    seen.push(format!("{:?}", state.1.contains("unconfirmed")));
    seen.push(format!("{:?}", with_token(story, "withdraw", &token, ("", "")).await));
    seen
}

story!(sign_up_by_json_looks_the_same_for_every_state_of_an_address, LIMITED, |story| {
    let mut first: Option<Vec<String>> = None;
    for (number, (state, address)) in addresses(&story).await.into_iter().enumerate() {
        let seen = seen_by_program(&story, &format!("mallory{number}"), &address).await;
        match &first {
            None => first = Some(seen),
            Some(first) => {
                for (step, (wanted, seen)) in first.iter().zip(&seen).enumerate() {
                    assert_eq!(seen, wanted, "{state}, step {step}");
                }
            }
        }
        story.advance_clock(Duration::from_secs(3_700));
    }
});

/// All that a browser sees, without what is its own in each case.
async fn seen_by_browser(story: &Story, name: &str, address: &str) -> Vec<String> {
    let mut jar = CookieJar::default();
    let token = form_token(story, &mut jar, "/register").await;
    let fields = [form(name, address), vec![("form_token", &*token)]].concat();
    let answer = story.post("/register").cookies(&jar).form(&fields).send().await.is(302);
    let names = |answer: &tests::http::Response| -> Vec<String> {
        let set = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text").to_owned());
        set.map(|line| line.split('=').next().unwrap_or_default().to_owned()).collect()
    };
    let mut seen = vec![format!("{} {:?}", answer.header("location"), names(&answer))];
    jar.keep(&answer);
    let secrets = regex_lite::Regex::new("(name=\"form_token\" value=\")[^\"]*").expect("a pattern");
    let page = story.get("/register/waiting").cookies(&jar).send().await;
    let plain = page.body.replace(address, "ADDRESS").replace(name, "NAME");
    seen.push(format!("{} {}", page.status, secrets.replace_all(&plain, "$1")));
    story.mail().await;
    let token = form_token(story, &mut jar, "/register/waiting").await;
    for (what, field) in [("confirm", "code"), ("resend", "code"), ("continue", "code"), ("email", "email")] {
        let value = if field == "code" { "00000000" } else { address };
        let fields = [("form_token", &*token), (field, value)];
        let answer = story.post(&format!("/register/waiting/{what}")).cookies(&jar).form(&fields).send().await;
        let plain = answer.body.replace(address, "ADDRESS").replace(name, "NAME");
        let plain = secrets.replace_all(&plain, "$1").into_owned();
        seen.push(format!("{what} {} {} {:?} {plain}", answer.status, answer.header("location"), names(&answer)));
        story.mail().await;
    }
    seen
}

story!(sign_up_by_page_looks_the_same_for_every_state_of_an_address, OPEN, |story| {
    let mut first: Option<Vec<String>> = None;
    for (number, (state, address)) in addresses(&story).await.into_iter().enumerate() {
        let seen = seen_by_browser(&story, &format!("mallory{number}"), &address).await;
        match &first {
            None => first = Some(seen),
            Some(first) => assert_eq!(&seen, first, "{state}"),
        }
        story.advance_clock(Duration::from_secs(3_700));
    }
});

/// A token of the app's own.
async fn app_token(story: &Story) -> String {
    let app = story.app("https://app.example/cb", "read write").await;
    let asked = [&[("grant_type", "client_credentials"), ("scope", "read write")][..], &app.credentials()].concat();
    let own = story.post("/oauth/token").form(&asked).send().await.is(200).json();
    own["access_token"].as_str().expect("a token").to_owned()
}

story!(
    accounts_through_app_with_taken_address_hidden_looks_like_any_other,
    &[("signups.hide_taken_addresses", "true")],
    |story| {
        let ada = story.person("ada").await;
        let bearer = app_token(&story).await;
        let mut shapes = Vec::new();
        for (name, address) in [("grace", "grace@example.com"), ("mallory", &*ada.email)] {
            let fields = [form(name, address), vec![("agreement", "true")]].concat();
            let answer = story.post("/api/v1/accounts").bearer(&bearer).form(&fields).send().await.is(200).json();
            let token = answer["access_token"].as_str().expect("a token").to_owned();
            story.verify(&token).await.is_api_error(403, "Your login is missing a confirmed e-mail address");
            let again = story.post("/api/v1/emails/confirmations").bearer(&token).send().await;
            let checked = story.get("/api/v1/emails/check_confirmation").bearer(&token).send().await;
            let keys: Vec<String> = answer.as_object().expect("an object").keys().cloned().collect();
            shapes.push((keys, again.status, again.body.clone(), checked.body.clone()));
        }
        assert_eq!(shapes[0], shapes[1]);
        // The owner is told, and gets nothing that confirms somebody else's account.
        let mail = mails_to(&story, &ada.email, 1).await;
        assert!(
            mail.iter().all(|mail| mail.contains("already have an account") && !mail.contains("token=")),
            "{mail:?}"
        );
        mails_to(&story, "grace@example.com", 1).await;
    }
);

story!(
    provider_sign_up_with_a_typed_address_of_somebody_sends_no_link_there,
    &[("oidc.allow_registration", "true")],
    |story| {
        let (story, provider) = story.with_provider(&[]).await;
        let ada = story.person("ada").await;
        let (app, mut jar) = (story.usual_app().await, CookieJar::default());
        let linus = ProviderUser { email_verified: false, ..ProviderUser::named("linus") };
        let back = story.come_back(&mut jar, &app, &provider, &linus).await.is(302);
        let page = story.get(back.location().as_str()).cookies(&jar).send().await.is(200);
        jar.keep(&page);
        let token = after(&page.body, "name=\"form_token\" value=\"").to_owned();
        let flow = after(&page.body, "name=\"flow_id\" value=\"").to_owned();
        let fields = [("form_token", &*token), ("flow_id", &*flow), ("username", "linus"), ("email", &*ada.email)];
        story.post("/register/finish").cookies(&jar).form(&fields).send().await.is(302);
        let mail = mails_to(&story, &ada.email, 1).await;
        assert!(
            mail.iter().all(|mail| mail.contains("already have an account") && !mail.contains("token=")),
            "{mail:?}"
        );
    }
);

story!(forgot_sends_nothing_to_an_address_that_wants_no_mail_about_sign_ups, OPEN, |story| {
    sign_up(&story, "mallory", "hedy@example.com").await;
    let mail = mails_to(&story, "hedy@example.com", 1).await.remove(0);
    let token = after(&mail, "/register/confirm?token=").to_owned();
    // Meanwhile the owner of the address has made an account with it.
    sign_up(&story, "hedy", "hedy@example.com").await;
    let mails = mails_to(&story, "hedy@example.com", 2).await;
    let links = mails.iter().map(|mail| after(mail, "/register/confirm?token=").to_owned());
    let own = links.into_iter().find(|link| *link != token).expect("another link");
    let press = async |token: &str, button: &str| {
        let mut jar = CookieJar::default();
        let form = form_token(&story, &mut jar, &format!("/register/confirm?token={token}")).await;
        let fields = [("form_token", &*form), ("token", token), ("do", button)];
        story.post("/register/confirm").cookies(&jar).form(&fields).send().await.is(200);
    };
    press(&token, "disown").await;
    press(&own, "confirm").await;
    let before = mails_to(&story, "hedy@example.com", 3).await.len();
    // Somebody tries again, by the name that they gave.
    sign_up(&story, "eve", "hedy@example.com").await;
    for identifier in ["eve", "nobody"] {
        story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": identifier })).send().await.is(200);
    }
    assert_eq!(mails_to(&story, "hedy@example.com", before).await.len(), before);
    // A new password for the own account is another matter.
    let own = json!({ "identifier": "hedy@example.com" });
    story.post("/api/v1/auth/password/forgot").json(&own).send().await.is(200);
    let mails = mails_to(&story, "hedy@example.com", before + 1).await;
    assert!(mails.iter().any(|mail| mail.contains("/oauth/reset?token=")));
});

story!(forgot_of_unconfirmed_account_by_name_respects_disowned_address, OPEN, |story| {
    sign_up(&story, "mallory", "hedy@example.com").await;
    let mail = mails_to(&story, "hedy@example.com", 1).await.remove(0);
    let token = after(&mail, "/register/confirm?token=").to_owned();
    let mut jar = CookieJar::default();
    let form = form_token(&story, &mut jar, &format!("/register/confirm?token={token}")).await;
    let fields = [("form_token", &*form), ("token", &*token), ("do", "disown")];
    story.post("/register/confirm").cookies(&jar).form(&fields).send().await.is(200);
    sign_up(&story, "mallory", "hedy@example.com").await;
    for identifier in ["mallory", "@mallory", "hedy@example.com"] {
        story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": identifier })).send().await.is(200);
    }
    assert_eq!(mails_to(&story, "hedy@example.com", 1).await.len(), 1);
    story.advance_clock(Duration::from_secs(24 * 3_600 + 1));
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "mallory" })).send().await.is(200);
    assert_eq!(mails_to(&story, "hedy@example.com", 2).await.len(), 2);
});
