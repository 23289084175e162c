//! Administering with a real program: Mastodon.py's calls for staff (people PPL-236).

use serde_json::json;
use tests::server::stdout;
use tests::{Person, ServerProcess};

use super::client_program::{ClientProgram, MASTODON_PY_ADMIN};

#[tokio::test]
async fn mastodon_py_lists_decides_stops_and_pages_accounts() {
    let server = ServerProcess::builder()
        .set("signups.approval", "true")
        .set("signups.registration", "true")
        .set("signups.proof_of_work", "false")
        .start()
        .await;
    let (ada, bob) = (Person::named("ada"), Person::named("bob"));
    server.create_account(&ada);
    server.create_account(&bob);
    run(&server, &["account", "role", "ada", "moderator"]);
    for name in ["grace", "eve"] {
        let form = json!({ "username": name, "email": format!("{name}@example.com"), "password": "a calm evening" });
        server.client().post("/api/v1/auth/signup").json(&form).send().await.is(201);
    }
    let id = |name: &str| {
        let shown: serde_json::Value =
            serde_json::from_str(&run(&server, &["account", "show", name, "--json"])).expect("JSON");
        shown["id"].as_str().expect("an id").to_owned()
    };
    let scopes = "admin:read:accounts admin:write:accounts";
    let token = run(&server, &["token", "create", "ada", "--scopes", scopes]).trim().to_owned();
    let mut program = ClientProgram::start_in_plain(&MASTODON_PY_ADMIN, server.base_url(), "urn:none");
    program.tell(&json!({ "token": token, "waiting": [id("grace"), id("eve")], "person": id("bob") })).await;
    let facts = program.says().await;
    for (fact, expected) in [
        ("all", json!(["eve", "grace", "bob", "ada"])),
        ("pending", json!(["eve", "grace"])),
        ("staff", json!(["ada"])),
        ("found", json!(["grace"])),
        ("approved", json!(true)),
        ("rejected", json!("eve")),
        ("disabled", json!(true)),
        ("enabled", json!(true)),
        ("suspended", json!(["bob"])),
        ("unsuspended", json!(true)),
        ("unsilenced", json!("bob")),
        ("pages", json!([["grace"], ["bob"]])),
        ("account", json!("bob")),
    ] {
        assert_eq!(facts[fact], expected, "{fact}: {facts}");
    }
    assert_eq!(facts["role"][0].to_string().trim_matches('"'), "-99", "{facts}");
    assert!(facts["again"].as_str().expect("text").contains("This action is not allowed"), "{facts}");
    assert!(facts["gone"].as_str().expect("text").contains("Record not found"), "{facts}");
    program.ends_well().await;
}

fn run(server: &ServerProcess, arguments: &[&str]) -> String {
    let output = server.run(arguments, "");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    stdout(&output)
}
