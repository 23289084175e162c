//! What the people who run a server see and do by Mastodon's admin API and by own routes (people PPL-128, PPL-143).

mod accounts;
mod acts;
mod apps;
mod blocks;
mod dashboard;
mod deleting;
mod events;
mod invitations;
mod limits;
mod mail;
mod making;
mod pages;
mod rights;
mod settings;

use lysand_auth::host::accounts::{Accounts as _, Role};
use serde_json::Value;
use tests::Person;
use tests::story::{Response, Story};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];
const LIST: &str = "/api/v1/admin/accounts";

/// Somebody of the staff, and a token of all scopes.
async fn staff(story: &Story, name: &str, role: Role) -> (Person, String) {
    let person = story.person(name).await;
    let account = story.account(&person).await;
    story.server().state().accounts.set_role(&account.id, role).await.expect("a role");
    let app = story.app("https://admin.example/cb", "read profile admin:read admin:write auth:write").await;
    let token = story.token(&person, &app).await;
    (person, token)
}

pub(crate) async fn id(story: &Story, name: &str) -> String {
    let found = story.server().state().accounts.by_identifier(name).await.expect("an answer");
    found.expect("an account").id.as_str().to_owned()
}

/// The names on a list of accounts.
fn names(list: &Response) -> String {
    let list = list.json();
    let names = list.as_array().expect("a list").iter().map(|entry| entry["username"].as_str().expect("a name"));
    names.collect::<Vec<_>>().join(" ")
}

async fn post(story: &Story, token: &str, path: &str, body: &Value) -> Response {
    story.post(path).bearer(token).json(body).send().await
}
