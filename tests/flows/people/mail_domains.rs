//! Addresses whose domain is looked up: who takes no mail is told so, whoever they are (people PPL-44).

use serde_json::json;
use tests::Backend;
use tests::name_server::{Known, NameServer};
use tests::story::Story;

use super::email::{account_app, ask};
use super::{form, sign_up};

const NAMES: &[(&str, Known)] = &[
    ("mail.example", Known::Mail(&["mx.mail.example.", "mx2.mail.example."])),
    ("alone.example", Known::Address),
    ("null.example", Known::Mail(&["."])),
    ("empty.example", Known::Nothing),
    ("front.example", Known::Mail(&["mx.mail.example.", "mx7.SPAM.example."])),
    ("broken.example", Known::Failure),
    ("silent.example", Known::Silence),
    ("xn--bcher-kva.example", Known::Mail(&["mx.mail.example."])),
];

async fn begin(backend: Backend, name_server: &NameServer) -> Story {
    let address = name_server.address().to_string();
    let settings = [
        ("signups.proof_of_work", "false"),
        ("signups.check_mail_domain", "true"),
        ("signups.dns", &*address),
        ("signups.email_domains_blocked", "[\"spam.example\"]"),
    ];
    Story::begin(backend, &settings).await
}

async fn new_address_must_have_a_domain_that_takes_mail(backend: Backend) {
    let name_server = NameServer::start(NAMES).await;
    let story = begin(backend, &name_server).await;
    let refused = [
        ("gone.example", "ERR_UNREACHABLE"),
        ("null.example", "ERR_UNREACHABLE"),
        ("empty.example", "ERR_UNREACHABLE"),
        ("front.example", "ERR_BLOCKED"),
        ("mail.spam.example", "ERR_BLOCKED"),
    ];
    for (domain, code) in refused {
        let address = format!("ada@{domain}");
        let answer = story.post("/api/v1/auth/signup").form(&form("ada", &address)).send().await.is(422).json();
        assert_eq!(answer["details"]["email"][0]["error"], code, "{address}: {answer}");
    }
    // Whoever cannot be asked keeps nobody away: the mail that confirms the address tells.
    let taken =
        ["mail.example", "MAIL.example", "alone.example", "broken.example", "silent.example", "xn--bcher-kva.example"];
    for (number, domain) in taken.into_iter().enumerate() {
        let name = format!("person{number}");
        sign_up(&story, &name, &format!("{name}@{domain}")).await;
    }

    let waiting = sign_up(&story, "ada", "ada@mail.example").await["waiting_token"].clone();
    let body = json!({ "waiting_token": waiting, "email": "ada@gone.example" });
    let answer = story.post("/api/v1/auth/signup/email").json(&body).send().await.is(422).json();
    assert_eq!(answer["details"]["email"][0]["error"], "ERR_UNREACHABLE", "{answer}");

    let (bob, app) = (story.person("bob").await, account_app(&story).await);
    let token = story.token(&bob, &app).await;
    let answer = ask(&story, &token, "bob@front.example").await.is(422).json();
    assert_eq!(answer["details"]["email"][0]["error"], "ERR_BLOCKED", "{answer}");
    ask(&story, &token, "bob@mail.example").await.is(202);
}

#[tokio::test]
async fn new_address_must_have_a_domain_that_takes_mail_on_sqlite() {
    new_address_must_have_a_domain_that_takes_mail(Backend::Sqlite).await;
}

#[tokio::test]
async fn new_address_must_have_a_domain_that_takes_mail_on_postgres() {
    new_address_must_have_a_domain_that_takes_mail(Backend::Postgres).await;
}
