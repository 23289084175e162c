//! A host's own handlers take tokens from form bodies, and still get every byte (RFC 6750 §2.2, Mastodon §11.1, DEV-23).

use std::time::Duration;

use actix_web::web::{self, Bytes, Form, ServiceConfig};
use lysand_auth::web::headers::{AnswerKind, Headers};
use lysand_auth::web::limits::Limits;
use lysand_auth::web::{ApiError, Bearer, FormTokens};
use reqwest::Method;
use tests::embedder::{Embedder, auth_builder_of};
use tests::story;
use tests::story::{Request, Response, Story, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FORM: &str = "application/x-www-form-urlencoded";
const NO_TOKEN: &str = "The access token is invalid";
const TOO_LARGE: &str = "The request body is too large.";

/// `POST /api/v1/statuses`: who posts which fields.
async fn publish(bearer: Bearer, form: Form<Vec<(String, String)>>) -> Result<String, ApiError> {
    let account = bearer.account(&["write", "write:statuses"]).await?;
    let fields: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(format!("{}: {}", account.username, fields.join(" ")))
}

/// Every byte as it came, for whoever has a token.
async fn echo(bearer: Bearer, body: Bytes) -> Result<Bytes, ApiError> {
    bearer.require(&["write"])?;
    Ok(body)
}

/// Open to everybody: who it was, and how much was sent.
async fn open(bearer: Option<Bearer>, body: Bytes) -> String {
    format!("{} {}", bearer.is_some(), body.len())
}

async fn host(story: &Story) -> Embedder {
    let auth = auth_builder_of(story).build().expect("a host");
    let headers = Headers::new(AnswerKind::Api, false);
    let (counted, counts) = (auth.clone(), auth.clone());
    Embedder::serve(&auth, move |config: &mut ServiceConfig| {
        let takes = |path| web::resource(path).wrap(FormTokens::new());
        config
            .service(
                web::resource("/api/v1/statuses")
                    .route(web::post().to(publish))
                    .wrap(Limits::new(&counted))
                    .wrap(FormTokens::new())
                    .wrap(headers),
            )
            .service(
                web::resource("/counted-first")
                    .route(web::post().to(echo))
                    .wrap(FormTokens::new())
                    .wrap(Limits::new(&counts)),
            )
            .service(takes("/echo").default_service(web::to(echo)))
            .service(takes("/open").default_service(web::to(open)))
            .service(web::resource("/small").route(web::post().to(echo)).wrap(FormTokens::up_to(100)))
            .service(web::resource("/bare").default_service(web::to(echo)));
    })
    .await
}

async fn token(story: &Story) -> String {
    story.token(&story.person("ada").await, &story.usual_app().await).await
}

story!(bearer_token_in_form_body_opens_host_route, |story| {
    let (host, token) = (host(&story).await, token(&story).await);
    let post = || story.post(&host.url("/api/v1/statuses"));
    let form = [("status", "a b&c=d+ü%"), ("access_token", token.as_str()), ("media_ids[]", "1"), ("media_ids[]", "2")];
    let answer = post().form(&form).send().await.is(200);
    let wanted = format!("ada: status=a b&c=d+ü% access_token={token} media_ids[]=1 media_ids[]=2");
    assert_eq!(answer.body, wanted, "the handler's own form is whole");
    assert_eq!(answer.header("access-control-allow-origin"), "*");

    let body = format!("access_token={token}&access_token={token}&x=%zz&&=&\u{fffd}");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for kind in [FORM, "application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded"] {
            let call = story.call(method.clone(), &host.url("/echo")).body(kind, body.clone());
            assert_eq!(call.send().await.is(200).body, body, "{method} {kind}");
        }
    }
    let exact = format!("access_token={token}&x={}", "y".repeat(65_536 - token.len() - 16));
    assert_eq!(exact.len(), 65_536);
    assert_eq!(story.post(&host.url("/echo")).body(FORM, exact.clone()).send().await.is(200).body, exact);
    // Scope and person are judged as with any token.
    post().form(&[("access_token", "unknown")]).send().await.is_api_error(401, NO_TOKEN);
    for nothing in ["", "access_token=", "access_token=%20", "status=x", "bearer_token=x", "Access_Token=x"] {
        post().body(FORM, nothing).send().await.is_api_error(401, NO_TOKEN);
        story.post(&host.url("/open")).body(FORM, nothing).send().await.is(200);
    }
    host.end().await;
});

story!(token_invalidate_api_accepts_bearer_token_in_form_body, |story| {
    let token = token(&story).await;
    let list = story.get("/api/v1/tokens").bearer(&token).send().await.is(200).json();
    let id = list[0]["id"].as_str().expect("an id").to_owned();
    let post = || story.post(&format!("/api/v1/tokens/{id}/invalidate"));
    post().json(&serde_json::json!({ "access_token": token })).send().await.is_api_error(401, NO_TOKEN);
    let answer = post().form(&[("access_token", "a"), ("access_token", &token)]).send().await.is(400);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(post().form(&[("access_token", &token)]).send().await.is(200).json()["id"], id.as_str());
    post().form(&[("access_token", &token)]).send().await.is_api_error(401, "The access token was revoked");
});

story!(bearer_header_overrides_form_body_and_query_token_is_ignored, |story| {
    let (host, token) = (host(&story).await, token(&story).await);
    let echo = || story.post(&host.url("/echo"));
    // The header counts, whatever the body says: as user info has it.
    let both = format!("access_token=unknown&access_token=other&x={}", "y".repeat(1_000));
    assert_eq!(echo().bearer(&token).body(FORM, both.clone()).send().await.is(200).body, both);
    echo().bearer("unknown").form(&[("access_token", &token)]).send().await.is_api_error(401, NO_TOKEN);
    for none in ["Bearer ", "Bearer", "Basic YTpi", "x"] {
        echo().header("authorization", none).form(&[("access_token", &token)]).send().await.is(200);
    }
    // The URL opens nothing, a form's name in it neither.
    for name in ["access_token", "bearer_token"] {
        let path = host.url(&encode("/echo", &[(name, &token)]));
        story.post(&path).form(&[("x", "y")]).send().await.is_api_error(401, NO_TOKEN);
        story.get(&path).send().await.is_api_error(401, NO_TOKEN);
    }
    let split = host.url(&encode("/echo", &[("access_token", "unknown")]));
    story.post(&split).form(&[("access_token", &token)]).send().await.is(200);
    // Other methods have no body that says anything.
    let get = |method| story.call(method, &host.url("/echo")).form(&[("access_token", &token)]).send();
    get(Method::GET).await.is_api_error(401, NO_TOKEN);
    get(Method::OPTIONS).await.is_api_error(401, NO_TOKEN);
    // Without the middleware nothing changes.
    story.post(&host.url("/bare")).form(&[("access_token", &token)]).send().await.is_api_error(401, NO_TOKEN);
    host.end().await;
});

story!(non_form_bodies_are_passed_on_without_reading_access_token, |story| {
    let (host, token) = (host(&story).await, token(&story).await);
    let large = format!("access_token={token}&x={}", "y".repeat(100_000));
    let multipart =
        format!("--line\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{token}\r\n--line--\r\n");
    for (kind, body) in [
        ("application/json", format!("{{\"access_token\":\"{token}\"}}")),
        ("application/json", "{".to_owned()),
        ("multipart/form-data; boundary=line", multipart),
        ("multipart/form-data", "broken".to_owned()),
        ("text/plain", format!("access_token={token}")),
        ("application/octet-stream", large.clone()),
        ("application/x-www-form-urlencodedx", format!("access_token={token}")),
        ("", format!("access_token={token}")),
    ] {
        let call = |path: &str| story.post(&host.url(path)).body(kind, body.clone());
        call("/echo").send().await.is_api_error(401, NO_TOKEN);
        assert_eq!(call("/open").send().await.is(200).body, format!("false {}", body.len()), "{kind}");
        assert_eq!(call("/echo").bearer(&token).send().await.is(200).body, body, "{kind}");
    }
    // What is compressed is not read, and a header opens the way for any size.
    let form = || story.post(&host.url("/echo")).body(FORM, format!("access_token={token}"));
    form().header("content-encoding", "identity").send().await.is(200);
    form().header("content-encoding", "br, gzip").send().await.is(401);
    assert_eq!(
        story.post(&host.url("/echo")).bearer(&token).body(FORM, large.clone()).send().await.is(200).body,
        large
    );
    host.end().await;
});

story!(form_body_with_conflicting_token_or_too_large_is_refused, |story| {
    let (host, token) = (host(&story).await, token(&story).await);
    let echo = |body: String| story.post(&host.url("/echo")).body(FORM, body).send();
    for bad in [
        format!("access_token={token}&access_token=other"),
        format!("access_token[]={token}"),
        format!("access_token[x]={token}"),
    ] {
        let answer = echo(bad.clone()).await.is(400);
        assert!(answer.json()["error"].as_str().is_some_and(|why| why.contains("access_token")), "{bad}");
    }
    let many = (0..256).map(|field| format!("f{field}=x&")).collect::<String>();
    echo(format!("{many}access_token={token}")).await.is_api_error(413, "The request has too many parameters.");
    echo(many).await.is_api_error(401, NO_TOKEN);
    echo(format!("access_token={token}&x={}", "y".repeat(65_536))).await.is_api_error(413, TOO_LARGE);
    echo(format!("x={}", "y".repeat(3_000_000))).await.is_api_error(413, TOO_LARGE);
    let statuses = story.post(&host.url("/api/v1/statuses")).body(FORM, "y".repeat(70_000));
    assert_eq!(statuses.send().await.is(413).header("access-control-allow-origin"), "*", "a browser can read it");
    let small = |length: usize| {
        let body = format!("access_token={token}&x={}", "y".repeat(length - token.len() - 16));
        story.post(&host.url("/small")).body(FORM, body).send()
    };
    small(100).await.is(200);
    small(101).await.is_api_error(413, TOO_LARGE);
    // A character that no token has makes one that nobody has; bytes that are no text make none.
    echo(format!("access_token={token}%00")).await.is_api_error(401, NO_TOKEN);
    let raw = [b"access_token=".as_slice(), &[0xff, 0xfe, 0x80], b"&%ff=%c3%28"].concat();
    let answer = story.post(&host.url("/echo")).body(FORM, raw).send().await;
    answer.is_api_error(400, "The parameter access_token must be UTF-8.");
    host.end().await;
});

/// Sends raw bytes, then nothing more; what comes back.
async fn raw(host: &Embedder, head: &str, body: &[u8]) -> String {
    let address = host.url("").replace("http://localhost", "127.0.0.1");
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let head = format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n{head}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(body).await.expect("sent");
    stream.shutdown().await.expect("no more");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    let _ = read.await.expect("an end, whatever was sent");
    String::from_utf8_lossy(&answer).into_owned()
}

story!(truncated_form_body_with_bearer_token_is_refused, |story| {
    let (host, token) = (host(&story).await, token(&story).await);
    let body = format!("access_token={token}");
    let chunked = "Transfer-Encoding: chunked\r\nConnection: close";
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    let whole = raw(&host, chunked, format!("{chunk}0\r\n\r\n").as_bytes()).await;
    assert!(whole.starts_with("HTTP/1.1 200") && whole.contains(&body), "{whole}");
    let endless = format!("{:x}\r\n{}\r\n", 70_000, "y".repeat(70_000));
    let answer = raw(&host, chunked, endless.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    for (head, sent) in [
        (chunked, chunk.clone()),
        (chunked, format!("{chunk}zz\r\n")),
        ("Content-Length: 1000", body.clone()),
        ("Content-Length: 1000", String::new()),
    ] {
        let answer = raw(&host, head, sent.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{head} {sent}: {answer}");
    }
    let alive = story.post(&host.url("/echo")).form(&[("access_token", &token)]).send().await;
    alive.is(200);
    host.end().await;
});

/// Limit and remaining requests.
fn limit(answer: &Response) -> (&str, &str) {
    (answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining"))
}

story!(
    rate_limit_counts_bearer_token_from_form_body,
    &[("ratelimit.enabled", "true"), ("ratelimit.api_token.max", "3"), ("ratelimit.api_address.max", "50")],
    |story| {
        let (host, token) = (host(&story).await, token(&story).await);
        let post = |path: &str| -> Request { story.post(&host.url(path)).form(&[("access_token", &token)]) };
        for left in ["2", "1", "0"] {
            assert_eq!(limit(&post("/api/v1/statuses").send().await.is(200)), ("3", left));
        }
        let answer = post("/api/v1/statuses").send().await.is_api_error(429, "Too many requests");
        assert_eq!(limit(&answer), ("3", "0"));
        // In the other order the token still opens, and the address is counted.
        assert_eq!(limit(&post("/counted-first").send().await.is(200)), ("50", "49"));
        // A token that opens nothing is counted for its address as well.
        let guess = story.post(&host.url("/api/v1/statuses")).form(&[("access_token", "guess")]).send().await.is(401);
        assert_eq!(limit(&guess), ("50", "48"));
        host.end().await;
    }
);
