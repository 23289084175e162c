//! Second factors with programs that somebody else wrote: pyotp and soft-webauthn (FAC-61, FAC-63, FAC-74).

use serde_json::json;
use tests::server::stdout;
use tests::{Person, ServerProcess};

use super::client_program::{ClientProgram, FACTORS_PY};

#[tokio::test]
async fn pyotp_and_soft_webauthn_are_second_proofs() {
    let server = ServerProcess::builder().start().await;
    let ada = Person::named("ada");
    server.create_account(&ada);
    let output = server.run(&["token", "create", "ada", "--scopes", "auth:read auth:write"], "");
    assert!(output.status.success(), "{output:?}");
    let token = stdout(&output).trim().to_owned();
    let mut program = ClientProgram::start_in_plain(&FACTORS_PY, server.base_url(), "https://factors.example/cb");
    program.tell(&json!({ "token": token, "username": ada.username, "password": ada.password })).await;
    let facts = program.says().await;
    for (fact, expected) in [
        ("passkey", json!([201, "Key"])),
        ("codes", json!(10)),
        ("uri", json!([true, true, 6, 30])),
        ("totp", json!(201)),
        ("listed", json!([true, ["passkey", "totp"]])),
        ("methods", json!(["passkey", "totp", "recovery"])),
        ("by_app", json!("done")),
        ("by_key", json!("done")),
        ("cookie", json!(true)),
    ] {
        assert_eq!(facts[fact], expected, "{fact}: {facts}");
    }
    program.ends_well().await;
}
