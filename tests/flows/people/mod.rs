//! Signing up and what follows (Mastodon §12).

mod about;
mod admission;
mod approval;
mod by_provider;
mod closing;
mod confirm_identity;
mod costs;
pub(crate) mod dump;
mod email;
mod end_apps;
mod end_everything;
mod endings;
mod events;
mod export;
mod invitations;
mod invitations_of_people;
mod limits;
mod mail_domains;
mod new_sign_in;
mod odd_inputs;
mod offers;
mod page_addresses;
mod password;
mod personal_tokens;
mod profile;
mod races;
mod reset;
mod sessions;
mod sign_up;
mod strangers;
mod waiting;

use serde_json::{Value, json};
use tests::story::{CookieJar, Story};
use tests::wait;

pub(crate) use self::confirm_identity::confirm_identity;
pub(crate) use self::dump::dump;

/// The form fields of somebody who wants an account, with no proof of work.
pub(crate) fn form<'a>(username: &'a str, email: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("username", username), ("email", email), ("password", "a calm evening")]
}

/// The mails to an address, once there are so many, as their readers see the text.
pub(crate) async fn mails_to(story: &Story, address: &str, number: usize) -> Vec<String> {
    let wanted = format!("To: {address}");
    wait::until("a mail", async || {
        let mails = story.mail().await.into_iter().map(|mail| mail.replace("=\r\n", "").replace("=3D", "="));
        Some(mails.filter(|mail| mail.contains(&wanted)).collect::<Vec<_>>()).filter(|mails| mails.len() >= number)
    })
    .await
}

/// The mail to `address` that has this text in it, as soon as it arrives.
pub(crate) async fn mail_with(story: &Story, address: &str, text: &str) -> String {
    wait::until("the mail", async || mails_to(story, address, 1).await.into_iter().find(|mail| mail.contains(text)))
        .await
}

/// What stands between `before` and the next blank.
pub(crate) fn after<'a>(mail: &'a str, before: &str) -> &'a str {
    let at = mail.find(before).unwrap_or_else(|| panic!("{before} in {mail}")) + before.len();
    mail[at..].split(|letter: char| letter.is_whitespace() || letter == '"').next().unwrap_or_default()
}

/// The code of eight digits in a mail, if it has one. Its id and its links may have as many digits in a row by chance.
pub(crate) fn code_in(mail: &str) -> Option<&str> {
    let (code, _) = mail.split_once("<strong>")?.1.split_once("</strong>")?;
    Some(code).filter(|code| code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A browser's form token for a page.
pub(crate) async fn form_token(story: &Story, jar: &mut CookieJar, path: &str) -> String {
    let page = story.get(path).header("accept", "text/html").cookies(jar).send().await.is(200);
    jar.keep(&page);
    after(&page.body, "name=\"form_token\" value=\"").to_owned()
}

/// Signs up by JSON without a proof of work, and answers with the body.
pub(crate) async fn sign_up(story: &Story, username: &str, email: &str) -> Value {
    story.post("/api/v1/auth/signup").form(&form(username, email)).send().await.is(201).json()
}

/// How far somebody is who waits.
async fn state(story: &Story, token: &str) -> String {
    let body = json!({ "waiting_token": token }).to_string();
    let answer = story.post("/api/v1/auth/signup/state").body("application/json", body).send().await.is(200).json();
    answer["state"].as_str().expect("a state").to_owned()
}
