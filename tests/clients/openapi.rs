//! The OpenAPI document in the hands of tools that others wrote (native NAT-12): one judges it, one makes requests of it and looks whether the answers are
//! as documented, one makes types of it for a client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tests::app::CALLBACK;
use tests::client::access_token;
use tests::{Person, ServerProcess, folder};

/// Where the clients are.
fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients")
}

fn python(program: &str) -> Command {
    Command::new(folder::target().join("clients-venv/bin").join(program))
}

/// Runs a program to its end, beside the server.
async fn run(mut command: Command) -> Output {
    command.env("NO_PROXY", "localhost");
    let ran = tokio::task::spawn_blocking(move || {
        command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}. `tests/run` installs it."))
    });
    ran.await.unwrap()
}

/// What a program said, one after the other.
fn words(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn is_valid(file: &Path) -> bool {
    let mut command = python("python");
    command.arg(here().join("openapi_py.py")).arg(file);
    let judged = run(command).await;
    if !judged.status.success() {
        eprintln!("{}: {}", file.display(), words(&judged));
    }
    judged.status.success()
}

/// Writes the document that a server sends.
async fn fetched(server: &ServerProcess, name: &str) -> PathBuf {
    let document = server.client().get("/api-docs/openapi.json").send().await.is(200).body;
    let file = server.folder().join(name);
    fs::write(&file, document).unwrap();
    file
}

#[tokio::test]
async fn openapi_document_and_what_is_served_are_valid() {
    assert!(is_valid(&here().join("../../docs/openapi.json")).await);
    let server = ServerProcess::start().await;
    let served = fetched(&server, "openapi.json").await;
    assert!(is_valid(&served).await);
    let bare = ServerProcess::builder().set("admin.pages", "false").set("factors.email_sign_in", "true").start().await;
    assert!(is_valid(&fetched(&bare, "openapi.json").await).await);
    // A judge that takes everything would prove nothing.
    let broken = fs::read_to_string(&served).unwrap().replace("\"operationId\":\"postAuthLogin\"", "\"operationId\":7");
    fs::write(&served, broken).unwrap();
    assert!(!is_valid(&served).await);
}

#[tokio::test]
async fn openapi_command_prints_what_is_served() {
    let server = ServerProcess::start().await;
    let printed: serde_json::Value = serde_json::from_slice(&server.run(&["openapi"], "").stdout).unwrap();
    assert_eq!(printed, server.client().get("/api-docs/openapi.json").send().await.is(200).json());
}

/// These end the very token that schemathesis shows, after which every answer would be 401: they are tried by whoever shows none.
const ENDS_THE_TOKEN: [&str; 4] =
    ["postAuthSessionsEndEverything", "postAuthAppsEnd", "postAuthClosure", "deleteAdminAuthAppsById"];

/// A server with all that the document has.
async fn whole() -> ServerProcess {
    let server = ServerProcess::builder().set("oauth.device_grant", "true").set("factors.email_sign_in", "true");
    server.set("native.toki.enabled", "true").set("native.toki.prefix", "/toki").start().await
}

/// Requests that schemathesis makes up from the document, with a fixed seed, and what it has against the answers.
///
/// Its other checks are left out: the server ignores members that it does not know, and refuses for more reasons than a schema has (no such account, no
/// session), so that neither "negative data is rejected" nor "positive data is accepted" holds; which methods a path has is proven elsewhere.
async fn tried(server: &ServerProcess, token: Option<&str>) -> Output {
    let mut command = python("st");
    command.env("SCHEMATHESIS_HOOKS", "schemathesis_hooks").env("PYTHONPATH", here()).current_dir(server.folder());
    command.arg("run").arg(server.url("/api-docs/openapi.json").as_str());
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    command.args(["--checks", checks, "--seed", "7", "--generation-database", "none"]);
    // The document has no links between operations, of which the stateful phase lives.
    command.args([
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "3",
        "--no-shrink",
        "--continue-on-failure",
    ]);
    command.args(["--workers", "1", "--request-timeout", "35", "--suppress-health-check", "all", "--no-color"]);
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
        ENDS_THE_TOKEN.iter().for_each(|id| {
            command.args(["--exclude-operation-id", id]);
        });
    }
    run(command).await
}

/// The end of what schemathesis said, where it sums up.
fn is_content(tried: &Output) {
    let said = words(tried);
    assert!(tried.status.success(), "{said}");
}

#[tokio::test]
async fn schemathesis_without_token_finds_only_documented_answers() {
    let server = whole().await;
    is_content(&tried(&server, None).await);
}

#[tokio::test]
async fn schemathesis_with_token_of_admin_finds_only_documented_answers() {
    let server = whole().await;
    let ada = Person::named("ada");
    server.create_account(&ada);
    assert!(server.run(&["account", "role", "ada", "admin"], "").status.success());
    let (client, scopes) = (server.client(), "read write profile auth:read auth:write admin:read admin:write");
    let app = client.register_with("Schemathesis", CALLBACK, scopes, &[]).await.unwrap();
    let signed_in = client.sign_in(&ada, &app).await.unwrap();
    let code = client.consent(&signed_in, &app).await.unwrap();
    let token = access_token(client.redeem(&app, &code).await.unwrap()).unwrap();
    is_content(&tried(&server, Some(&token)).await);
    client.verify(&token).await.unwrap().is(200);
}

/// Makes types of the document that the server sends, and compiles the client with them.
async fn compiled(server: &ServerProcess, source: &str) -> Output {
    let modules = here().join("node_modules/.bin");
    let document = fetched(server, "openapi.json").await;
    let mut types = Command::new(modules.join("openapi-typescript"));
    types.arg(document).args(["--output", "api.d.ts"]).current_dir(server.folder());
    let made = run(types).await;
    assert!(made.status.success(), "{}", words(&made));
    fs::write(server.folder().join("typed_client.ts"), source).unwrap();
    fs::write(server.folder().join("package.json"), r#"{"type":"module"}"#).unwrap();
    let how = serde_json::json!({
        "strict": true, "target": "es2022", "module": "nodenext", "lib": ["es2023", "dom", "dom.iterable"], "types": [],
    });
    let project = serde_json::json!({ "compilerOptions": how, "files": ["typed_client.ts"] });
    fs::write(server.folder().join("tsconfig.json"), project.to_string()).unwrap();
    let mut compiler = Command::new(modules.join("tsc"));
    compiler.current_dir(server.folder());
    run(compiler).await
}

#[tokio::test]
async fn typescript_client_with_types_of_the_document_signs_in() {
    let server = ServerProcess::start().await;
    let ada = Person::named("ada");
    server.create_account(&ada);
    let source = fs::read_to_string(here().join("typed_client.ts")).unwrap();
    let compiles = compiled(&server, &source).await;
    assert!(compiles.status.success(), "{}", words(&compiles));
    let mut client = Command::new("node");
    let origin = server.base_url().origin().ascii_serialization();
    client.arg("typed_client.js").args([&origin, &ada.username, &ada.password]).current_dir(server.folder());
    let ran = run(client).await;
    assert!(ran.status.success(), "{}", words(&ran));
    let told: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(told, serde_json::json!({ "username": "ada", "scope": "read" }));
    // What the document does not have does not compile.
    for (right, wrong) in [("token.access_token", "token.acces_token"), ("\"Typed client\"", "7")] {
        assert!(!compiled(&server, &source.replace(right, wrong)).await.status.success(), "{wrong}");
    }
}
