use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// Settings of a server on a free port with all its files in `folder`.
fn settings(folder: &std::path::Path, more: &str) -> Settings {
    let text = format!(
        "http.bind_port = 0\nhttp.workers = 1\nkeys.jwt = \"{0}/key.pem\"\ndatabase.url = \"sqlite:{0}/db\"\n{more}",
        folder.display()
    );
    let mut settings = Settings::parse(&text, []).unwrap();
    settings.data_dir = folder.to_owned();
    settings
}

async fn start(folder: &std::path::Path, more: &str) -> Running {
    Running::start(settings(folder, more), Ambient::system()).await.unwrap()
}

/// The whole answer to a request without a body.
async fn ask(addr: SocketAddr, line: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn server_start_in_empty_folder_answers_health_and_home() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "").await;
    assert_eq!(running.base_url(), format!("http://localhost:{}", running.addr().port()));
    for (line, status, body) in [
        ("GET /health", "HTTP/1.1 200", r#"{"status":"ok"}"#),
        ("GET /health/ready", "HTTP/1.1 200", r#"{"status":"ready"}"#),
        ("GET /nowhere", "HTTP/1.1 404", r#""error":"#),
        ("POST /health", "HTTP/1.1 405", r#""error":"#),
        ("BREW /nowhere", "HTTP/1.1 404", r#""error":"#),
        ("GET /", "HTTP/1.1 200", "<!doctype html>"),
    ] {
        let answer = ask(running.addr(), line).await;
        assert!(answer.starts_with(status) && answer.contains(body), "{line}: {answer}");
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{line}: {answer}");
    }
    running.stop().await;
}

#[tokio::test]
async fn setup_link_is_withdrawn_when_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "").await;
    let link = running.setup_link().unwrap();
    let path = link.strip_prefix(running.base_url()).unwrap().to_owned();
    assert!(ask(running.addr(), &format!("GET {path}")).await.starts_with("HTTP/1.1 200"));
    running.stop().await;

    let running = start(folder.path(), "").await;
    assert!(ask(running.addr(), &format!("GET {path}")).await.starts_with("HTTP/1.1 410"));
    assert_ne!(running.setup_link(), Some(link));
    running.abort().await;
}

#[tokio::test]
async fn server_shutdown_ends_readiness_before_closing_listener() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "http.drain_delay = \"1s\"").await;
    let addr = running.addr();
    let stopping = tokio::spawn(running.stop());
    let answer = loop {
        let answer = ask(addr, "GET /health/ready").await;
        if answer.starts_with("HTTP/1.1 503") {
            break answer;
        }
    };
    assert!(answer.contains("shutting_down") && answer.contains("retry-after: "), "{answer}");
    assert!(ask(addr, "GET /health").await.starts_with("HTTP/1.1 200"), "it still answers");
    stopping.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn server_start_error_is_one_line_naming_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "").await;
    let taken = format!("http.bind_port = {}", running.addr().port());
    std::fs::write(folder.path().join("not-a-key"), "x").unwrap();
    let of = |text: String| {
        let mut settings = Settings::parse(&text, []).unwrap();
        settings.data_dir = folder.path().to_owned();
        settings
    };
    let here = folder.path().display();
    for (text, wanted) in [
        (format!("{taken}\nkeys.jwt = \"{here}/key.pem\"\ndatabase.url = \"sqlite:{here}/db\""), "http.bind_port"),
        (
            format!("http.bind_port = 0\nkeys.jwt = \"{here}/not-a-key\"\ndatabase.url = \"sqlite:{here}/db\""),
            "not-a-key",
        ),
        (
            format!("http.bind_port = 0\nkeys.jwt = \"{here}/key.pem\"\ndatabase.url = \"sqlite:{here}/key.pem/db\""),
            "database.url",
        ),
        (
            format!(
                "http.bind_port = 0\nkeys.jwt = \"{here}/key.pem\"\ndatabase.url = \"sqlite:{here}/new\"\ndatabase.migrate_on_start = false"
            ),
            "migrate",
        ),
    ] {
        let error = Running::start(of(text), Ambient::system()).await.err().unwrap().to_string();
        assert!(error.contains(wanted) && !error.contains('\n'), "{error}");
    }
    running.abort().await;
}

#[tokio::test]
async fn route_list_opens_api_and_documents_but_no_cookie_routes_to_other_origins() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "").await;
    let routes = app::Paths::of(running.state()).all;
    for (path, open) in [
        ("/api/v1/apps", true),
        ("/api/v2/instance", true),
        ("/api/v1/unknown", true),
        ("/.well-known/unknown", true),
        ("/oauth/token", true),
        ("/oauth/revoke/", true),
        ("/oauth/userinfo", true),
        ("/oauth/register", true),
        ("/.well-known/nodeinfo", true),
        ("/nodeinfo/2.0", true),
        ("/health", true),
        ("/api/auth/login", false),
        ("/oauth/authorize", false),
        ("/oauth/token/info", false),
        ("/oauth/introspect", false),
        ("/account", false),
        ("/", false),
    ] {
        assert_eq!(routes.is_open_to_other_origins(path), open, "{path}");
    }
    running.stop().await;
}

/// Draws nothing that a page shows, and would act if it could.
const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(2)</script></svg>";

#[tokio::test]
async fn branding_is_on_every_page_and_its_pictures_cannot_act() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    std::fs::create_dir_all(own.join("assets")).unwrap();
    std::fs::write(own.join("logo.svg"), LOGO).unwrap();
    std::fs::write(own.join("assets/icon.svg"), "<svg>own icon</svg>").unwrap();
    let branding = format!(
        "[branding]\nlogo = \"{0}/logo.svg\"\naccent = \"#5a3ea6\"\nassets = \"{0}/assets\"\n\
         links = [{{ name = \"Imprint\", url = \"/imprint\" }}, {{ name = \"<b>\", url = \"https://law.example/?a&b\" }}]\n",
        own.display()
    );
    let running = start(folder.path(), &branding).await;
    for line in ["GET /", "GET /setup?token=x", "GET /oauth/authorize"] {
        let page =
            ask(running.addr(), &format!("{line} HTTP/1.1\r\nAccept: text/html\r\nX:")).await.replace("&#x2F;", "/");
        for words in ["/assets/logo.svg?v=", "/assets/brand.css?v=", "href=\"/imprint\">Imprint</a>", "&lt;b&gt;"] {
            assert!(page.contains(words), "{line} has no {words}: {page}");
        }
    }
    let logo = ask(running.addr(), "GET /assets/logo.svg").await;
    assert!(logo.contains("content-type: image/svg+xml") && logo.contains("nosniff") && logo.ends_with(LOGO), "{logo}");
    assert!(logo.contains("default-src 'none'") && logo.contains("; sandbox\r\n"), "{logo}");
    let colours = ask(running.addr(), "GET /assets/brand.css").await;
    assert!(colours.contains("text/css") && colours.contains("--accent: #5a3ea6;"), "{colours}");
    assert!(ask(running.addr(), "GET /assets/icon.svg").await.ends_with("<svg>own icon</svg>"));
    assert!(ask(running.addr(), "GET /assets/logo.png").await.starts_with("HTTP/1.1 404"));
    assert!(ask(running.addr(), "GET /assets/decide.js").await.contains("text/javascript"));

    std::fs::write(own.join("logo.svg"), "<svg>another</svg>").unwrap();
    let reloaded = running.reload(Some(settings(folder.path(), &branding.replace("Imprint", "About us")))).await;
    assert!(reloaded.kept.is_empty(), "{:?}", reloaded.kept);
    assert!(ask(running.addr(), "GET /assets/logo.svg").await.ends_with("<svg>another</svg>"));
    assert!(ask(running.addr(), "GET /").await.contains("About us"));
    let _ = running.reload(Some(settings(folder.path(), ""))).await;
    let plain = ask(running.addr(), "GET /").await;
    assert!(!plain.contains("logo.svg") && !plain.contains("class=\"legal\""), "{plain}");
    running.stop().await;
}
