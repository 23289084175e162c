//! Commands about people: requests to join, invitations, the log of events (people PPL-127, PPL-166).

use serde_json::{Value, json};
use tests::{Backend, Person, ServerProcess, TestClient};

use crate::commands::{done, json, refused};

async fn started(backend: Backend, more: &[(&str, &str)]) -> ServerProcess {
    let mut server = ServerProcess::builder().backend(backend);
    for (key, value) in [&[("signups.registration", "true"), ("signups.proof_of_work", "false")], more].concat() {
        server = server.set(key, value);
    }
    server.start().await
}

async fn sign_up(client: &TestClient, username: &str, more: &[(&str, &str)]) -> Value {
    let email = format!("{username}@people.example");
    let form = [&[("username", username), ("email", &email), ("password", "a calm evening")], more].concat();
    client.post("/api/v1/auth/signup").form(&form).send().await.is(201).json()
}

async fn state(client: &TestClient, made: &Value) -> Value {
    let body = json!({ "waiting_token": made["waiting_token"] }).to_string();
    client.post("/api/v1/auth/signup/state").body("application/json", body).send().await.is(200).json()
}

fn commands(server: &ServerProcess) -> Vec<String> {
    let events = json(server, &["events", "--event", "command"], "");
    let events = events.as_array().expect("a list").iter().rev();
    events.map(|event| event["detail"]["command"].as_str().expect("a command").to_owned()).collect()
}

async fn reviews(backend: Backend) {
    let server = started(backend, &[("signups.approval", "true")]).await;
    let client = server.client();
    let reason = [("reason", "I like it here")];
    let (ada, eve) = (sign_up(&client, "ada", &reason).await, sign_up(&client, "eve", &[]).await);
    assert_eq!(json(&server, &["review", "list"], ""), json!([]), "nobody has a confirmed address");
    assert_eq!(json(&server, &["review", "list", "--unconfirmed"], "").as_array().map(Vec::len), Some(2));

    done(&server, &["account", "confirm", "ada"], "");
    assert!(refused(&server, &["account", "confirm", "ada"], "").contains("confirmed already"));
    done(&server, &["account", "confirm", "eve@people.example"], "");
    assert_eq!(
        (&state(&client, &ada).await["state"], &state(&client, &eve).await["state"]),
        (&json!("pending"), &json!("pending"))
    );
    let waiting = json(&server, &["review", "list"], "");
    let first = &waiting[0];
    assert_eq!(
        (&first["username"], &first["reason"], &first["road"]),
        (&json!("ada"), &json!("I like it here"), &json!("api"))
    );

    done(&server, &["review", "approve", first["id"].as_str().expect("an id")], "");
    assert!(refused(&server, &["review", "approve", "ada"], "").contains("decided already"));
    assert_eq!(state(&client, &ada).await["state"], "ready");
    assert!(refused(&server, &["review", "reject", "eve", "--message", &"x".repeat(1_001)], "").contains("1000"));
    done(&server, &["review", "reject", "eve", "--message", "Not this time."], "");
    let told = state(&client, &eve).await;
    assert_eq!((&told["state"], &told["message"]), (&json!("rejected"), &json!("Not this time.")));
    refused(&server, &["review", "reject", "eve"], "");
    refused(&server, &["review", "approve", "nobody"], "");
    assert_eq!(commands(&server), ["account confirm", "account confirm", "review approve", "review reject"]);
}

#[tokio::test]
async fn review_commands_decide_requests_to_join_on_sqlite() {
    reviews(Backend::Sqlite).await;
}

#[tokio::test]
async fn review_commands_decide_requests_to_join_on_postgres() {
    reviews(Backend::Postgres).await;
}

async fn invitations(backend: Backend) {
    let closed = [("signups.registration", "false"), ("signups.invitations", "admins")];
    let server = started(backend, &closed).await;
    let client = server.client();
    let link = done(&server, &["invite", "create"], "");
    let code = link.trim_end().rsplit_once("/register?invite=").expect("a link").1.to_owned();
    assert_eq!(code.len(), 10);
    sign_up(&client, "ada", &[("invite_code", &code)]).await;
    let listed = json(&server, &["invite", "list"], "");
    assert_eq!((&listed[0]["state"], &listed[0]["uses"]), (&json!("used_up"), &json!(1)));

    let wanted = ["invite", "create", "--unlimited", "--expires", "never", "--comment", "For friends", "--review"];
    let made = json(&server, &wanted, "");
    assert_eq!(
        (&made["max_uses"], &made["expires_at"], &made["skips_review"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    assert_eq!((&made["comment"], &made["created_by"]), (&json!("For friends"), &Value::Null));
    for wrong in
        [["--uses", "0"], ["--uses", "10001"], ["--expires", "1m"], ["--expires", "soon"], ["--email", "nowhere"]]
    {
        refused(&server, &[&["invite", "create"][..], &wrong].concat(), "");
    }
    let mailed = json(&server, &["invite", "create", "--email", "eve@people.example"], "");
    assert_eq!((&mailed["code"], &mailed["url"], &mailed["max_uses"]), (&Value::Null, &Value::Null, &json!(1)));

    done(&server, &["invite", "end", made["code"].as_str().expect("a code")], "");
    refused(&server, &["invite", "end", made["code"].as_str().expect("a code")], "");
    refused(&server, &["invite", "end", "nothing"], "");
    let form = [("username", "bob"), ("email", "bob@people.example"), ("password", "a calm evening")];
    let form = [&form[..], &[("invite_code", made["code"].as_str().expect("a code"))]].concat();
    client.post("/api/v1/auth/signup").form(&form).send().await.is(422);
    assert_eq!(commands(&server), ["invite create", "invite create", "invite create", "invite end"]);
}

#[tokio::test]
async fn invite_commands_make_list_and_end_invitations_on_sqlite() {
    invitations(Backend::Sqlite).await;
}

#[tokio::test]
async fn invite_commands_make_list_and_end_invitations_on_postgres() {
    invitations(Backend::Postgres).await;
}

#[tokio::test]
async fn events_command_narrows_and_exports_and_every_change_leaves_its_event() {
    let server = started(Backend::Sqlite, &[]).await;
    let (client, ada) = (server.client(), Person::named("ada"));
    server.create_account(&ada);
    done(&server, &["account", "disable", "ada"], "");
    done(&server, &["account", "enable", "ada"], "");
    done(&server, &["account", "unlock", "ada"], "");
    done(&server, &["account", "sign-out", "ada"], "");
    done(&server, &["account", "list"], "");
    refused(&server, &["account", "disable", "nobody"], "");
    let expected = ["account create", "account disable", "account enable", "account unlock", "account sign-out"];
    assert_eq!(commands(&server), expected);
    let of_ada = json(&server, &["events", "--account", "ada", "--since", "1h"], "");
    let of_ada = of_ada.as_array().expect("a list");
    for (kind, number) in [("disabled", 1), ("enabled", 1), ("unlocked", 1), ("command", 5)] {
        let found = of_ada.iter().filter(|event| event["event"] == kind);
        let found: Vec<_> = found.inspect(|event| assert_eq!(event["actor_kind"], "command")).collect();
        assert_eq!((found.len(), &found[0]["name"]), (number, &json!("ada")), "{kind}");
    }
    assert_eq!(json(&server, &["events", "--since", "2999-01-01"], ""), json!([]));
    for wrong in [["--event", "nothing"], ["--since", "yesterday"], ["--account", "nobody"]] {
        refused(&server, &[&["events"][..], &wrong].concat(), "");
    }

    // What a stranger sends as its name is no formula of whoever opens the file.
    let form = [("username", "bob"), ("email", "bob@people.example"), ("password", "a calm evening")];
    client.post("/api/v1/auth/signup").form(&form).header("user-agent", "=HYPERLINK(\"x\")").send().await.is(201);
    let csv = done(&server, &["events", "--csv", "--event", "signed_up"], "");
    assert!(csv.starts_with("id,at,event,") && csv.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{csv}");
    assert!(commands(&server).contains(&"events".to_owned()), "an export is recorded");
}

async fn kept_out(backend: Backend) {
    let server = started(backend, &[]).await;
    let client = server.client();
    assert_eq!(json(&server, &["blocks", "list"], ""), json!([]));
    let wanted = ["blocks", "add", "203.0.113.7/24", "--severity", "no_access", "--expires", "7d", "--comment", "Spam"];
    let network = json(&server, &wanted, "");
    assert_eq!(
        (&network["ip"], &network["severity"], &network["comment"]),
        (&json!("203.0.113.0/24"), &json!("no_access"), &json!("Spam"))
    );
    assert!(network["expires_at"].is_string());
    let single = json(&server, &["blocks", "add", "2001:DB8::7"], "");
    assert_eq!(
        (&single["ip"], &single["severity"], &single["expires_at"]),
        (&json!("2001:db8::7/128"), &json!("sign_up_block"), &Value::Null)
    );
    assert_eq!(json(&server, &["blocks", "add", "Spam.Example"], "")["domain"], "spam.example");
    for wrong in [
        &["203.0.113.0/24"][..],
        &["spam.example"],
        &["520.13.54.120"],
        &["203.0.113.0/33"],
        &["example"],
        &["192.0.2.1", "--expires", "soon"],
        &["192.0.2.1", "--comment", &"x".repeat(1_001)],
        &["other.example", "--severity", "no_access"],
    ] {
        refused(&server, &[&["blocks", "add"][..], wrong].concat(), "");
    }
    let listed = done(&server, &["blocks", "list"], "");
    assert!(listed.contains("203.0.113.0/24") && listed.contains("spam.example"), "{listed}");
    assert_eq!(json(&server, &["blocks", "list"], "").as_array().map(Vec::len), Some(3));

    // They count in the server that runs.
    let form = [("username", "eve"), ("email", "eve@mail.spam.example"), ("password", "a calm evening")];
    client.post("/api/v1/auth/signup").form(&form).send().await.is(422);
    done(&server, &["blocks", "add", "127.0.0.1"], "");
    let form = [("username", "ada"), ("email", "ada@people.example"), ("password", "a calm evening")];
    client.post("/api/v1/auth/signup").form(&form).send().await.is(403);
    done(&server, &["blocks", "remove", "127.0.0.1"], "");
    client.post("/api/v1/auth/signup").form(&form).send().await.is(201);

    done(&server, &["blocks", "remove", "SPAM.example"], "");
    done(&server, &["blocks", "remove", network["id"].as_str().expect("an id")], "");
    assert!(refused(&server, &["blocks", "remove", "spam.example"], "").contains("there is no block of"));
    refused(&server, &["blocks", "remove", "2001:db8::/32"], "");
    done(&server, &["blocks", "remove", "2001:db8::7"], "");
    assert_eq!(json(&server, &["blocks", "list"], ""), json!([]));
    let did = commands(&server);
    assert_eq!((did.len(), &*did[0], &*did[5]), (8, "blocks add", "blocks remove"));
    let kinds = ["ip_block_made", "ip_block_ended", "email_domain_block_made", "email_domain_block_ended"];
    for (kind, number) in kinds.into_iter().zip([3, 3, 1, 1]) {
        assert_eq!(json(&server, &["events", "--event", kind], "").as_array().map(Vec::len), Some(number), "{kind}");
    }
}

#[tokio::test]
async fn blocks_commands_list_add_and_remove_on_sqlite() {
    kept_out(Backend::Sqlite).await;
}

#[tokio::test]
async fn blocks_commands_list_add_and_remove_on_postgres() {
    kept_out(Backend::Postgres).await;
}
