//! How people set up their proxies, after public reports about servers of this kind (faults D6).

use tests::client::TestClient;
use tests::reverse_proxy::Proxy;

use super::{FORGED, STRANGER, sign_in_on_pages, source_of, with_ada};

/// What somebody does, and what is edited in the sample for it.
type Habit = (&'static str, &'static [(&'static str, &'static str)]);

const HOST: &str = "proxy_set_header Host $host;";
const CONNECTION: &str = "proxy_set_header Connection \"\";";
const FORWARDED: &str = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";

const OF_NGINX: [Habit; 13] = [
    ("Host left out: the name of the upstream, with its underscore", &[(HOST, "")]),
    ("Host with the port", &[(HOST, "proxy_set_header Host $http_host;")]),
    ("HTTP/1.0, the default before 1.29", &[("proxy_http_version 1.1;", ""), (CONNECTION, "")]),
    (
        "lines for web sockets on every request",
        &[(CONNECTION, "proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection \"upgrade\";")],
    ),
    (
        "Upgrade with a word that is none",
        &[(CONNECTION, "proxy_set_header Upgrade \"h2c\";\nproxy_set_header Connection \"Upgrade, HTTP2-Settings\";")],
    ),
    ("the client's own Connection", &[(CONNECTION, "proxy_set_header Connection $http_connection;")]),
    (
        "everything that tells of the way",
        &[(
            HOST,
            "proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
             proxy_set_header X-Forwarded-Host $host:$server_port; proxy_set_header X-Forwarded-Port $server_port;
             proxy_set_header X-Forwarded-Ssl on; proxy_set_header Front-End-Https on; proxy_set_header X-Scheme $scheme;
             proxy_set_header Forwarded \"for=$remote_addr;proto=$scheme\"; proxy_set_header X-Original-URI $request_uri;",
        )],
    ),
    ("a slash after the upstream", &[("proxy_pass http://lysand_auth;", "proxy_pass http://lysand_auth/;")]),
    ("nothing buffered", &[(CONNECTION, "proxy_set_header Connection \"\"; proxy_request_buffering off; proxy_buffering off;")]),
    ("everything compressed", &[(HOST, "gzip_types *; gzip_proxied any; gzip_min_length 0; gzip_vary on;")]),
    ("the peer's address alone", &[(FORWARDED, "proxy_set_header X-Forwarded-For $remote_addr;")]),
    (
        "an address put together",
        &[(FORWARDED, "proxy_set_header X-Forwarded-For \"$http_x_forwarded_for, $remote_addr\";")],
    ),
    ("address and port", &[(FORWARDED, "proxy_set_header X-Forwarded-For \"$remote_addr:$remote_port\";")]),
];

const BACKEND: &str = "backend lysand_auth\n";
const OF_HAPROXY: [Habit; 7] = [
    ("a connection for each request", &[(BACKEND, "backend lysand_auth\n    option httpclose\n")]),
    ("connections of the server closed", &[(BACKEND, "backend lysand_auth\n    option http-server-close\n")]),
    ("connections shared by everybody", &[(BACKEND, "backend lysand_auth\n    http-reuse always\n")]),
    ("bodies awaited", &[(BACKEND, "backend lysand_auth\n    option http-buffer-request\n")]),
    ("another Host", &[(BACKEND, "backend lysand_auth\n    http-request set-header Host lysand_auth\n")]),
    (
        "everything that tells of the way",
        &[(
            BACKEND,
            "backend lysand_auth\n    http-request set-header X-Forwarded-Proto https\n    http-request set-header X-Real-IP %[src]\n    \
             http-request set-header X-Forwarded-Host %[req.hdr(host)]\n    http-request set-header X-Forwarded-Port %[dst_port]\n",
        )],
    ),
    (
        "address and port",
        &[("    option forwardfor\n", "    http-request add-header X-Forwarded-For %[src]:%[src_port]\n")],
    ),
];

async fn bears(proxy: Proxy, habits: &[Habit]) {
    let (mut proxied, ada) = with_ada(proxy).await;
    for (name, edits) in habits {
        eprintln!("{name}");
        proxied.configure(edits).await;
        let stranger = proxied.client_from(STRANGER);
        let token = sign_in_on_pages(&proxied, &stranger, &ada).await;
        assert_eq!(source_of(&proxied, &stranger, FORGED[0]).await, STRANGER.to_string(), "{name}");
        for _ in 0..20 {
            assert_eq!(stranger.account_status(&token).await, Some(200), "{name}");
        }
        revalidates(&stranger, name).await;
        let form = "application/x-www-form-urlencoded";
        stranger.post("/oauth/token").body(form, "x".repeat(66_000)).send().await.is(413);
    }
    assert_eq!(proxied.server.complaints(), [""; 0]);
}

/// A file that the browser has is not sent again, also where the proxy has weakened its tag.
async fn revalidates(client: &TestClient, habit: &str) {
    let call = || client.get("/assets/style.css").header("accept-encoding", "gzip");
    let first = call().send().await.is(200);
    let tag = first.header("etag");
    if !tag.is_empty() {
        assert_eq!(call().header("if-none-match", tag).send().await.status, 304, "{habit}: {tag}");
    }
}

#[tokio::test]
async fn habits_of_nginx_configurations_are_borne() {
    bears(Proxy::Nginx, &OF_NGINX).await;
}

#[tokio::test]
async fn habits_of_haproxy_configurations_are_borne() {
    bears(Proxy::Haproxy, &OF_HAPROXY).await;
}
