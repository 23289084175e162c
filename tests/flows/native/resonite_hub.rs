//! `/hub/negotiate`, and the stream of `/hub` (native 3.3, NAT-9, NAT-25).

use std::time::{Duration, Instant};

use lysand_auth::Secret;
use lysand_auth::flows::{bearer, tickets};
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::Story;
use tests::web_socket::{Frame, NotOpened, WebSocket};

use super::resonite::{Held, RESONITE, call_as, in_session, is_refused, lives};
use super::signed_in;

const END: char = '\u{1e}';
const BOTH: &[(&str, &str)] = &[("native.resonite.enabled", "true"), ("native.toki.enabled", "true")];

async fn negotiate(story: &Story, held: &Held) -> Value {
    let path = "/hub/negotiate?negotiateVersion=1";
    let answer = call_as(story, held, Method::POST, path).await.is(200);
    super::is_secret(&answer);
    answer.json()
}

async fn connection_token(story: &Story, held: &Held) -> String {
    negotiate(story, held).await["connectionToken"].as_str().expect("a token").to_owned()
}

async fn open(story: &Story, path: &str, headers: &[(&str, &str)]) -> Result<WebSocket, NotOpened> {
    WebSocket::open(story.server().addr(), path, headers).await
}

fn forbidden(opened: Result<WebSocket, NotOpened>) {
    match opened {
        Ok(_) => panic!("it is open"),
        Err(answer) => assert_eq!((answer.status, answer.body.contains("Invalid session")), (403, true), "{answer:?}"),
    }
}

/// A stream that has shaken hands.
async fn shaken(story: &Story, held: &Held) -> WebSocket {
    let token = connection_token(story, held).await;
    let mut hub = open(story, &format!("/hub?id={token}"), &[]).await.expect("a stream");
    hub.say(&format!("{}{END}", json!({ "protocol": "json", "version": 1 }))).await;
    assert_eq!(hub.next().await, Frame::Text(format!("{{}}{END}")));
    hub
}

/// Demands that a stream is over: the protocol's word first.
async fn is_closed(mut hub: WebSocket) {
    let Frame::Text(last) = hub.next().await else { panic!("no last word") };
    let last: Value = serde_json::from_str(last.trim_end_matches(END)).expect("JSON");
    assert_eq!((&last["type"], &last["allowReconnect"]), (&json!(7), &json!(false)));
    assert!(last["error"].as_str().is_some_and(|why| !why.is_empty()));
    assert_eq!(hub.next().await, Frame::Close(1008));
}

story!(resonite_negotiation_gives_a_connection_token_for_one_stream, RESONITE, |story| {
    let ada = story.person("ada").await;
    let held = in_session(&story, &ada).await;
    let told = negotiate(&story, &held).await;
    let transports = json!([{ "transport": "WebSockets", "transferFormats": ["Text", "Binary"] }]);
    assert_eq!((&told["negotiateVersion"], &told["availableTransports"]), (&json!(1), &transports));
    let token = told["connectionToken"].as_str().expect("a token");
    assert!(token.len() == 43 && told["connectionId"] != told["connectionToken"]);
    // Any body of any type, and none; the first version has the token as its id.
    for body in ["", "x", "{}"] {
        let call =
            story.post("/hub/negotiate").header("authorization", &held.header()).body("text/plain", body.to_owned());
        let old = call.send().await.is(200).json();
        let names: Vec<&String> = old.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["availableTransports", "connectionId"]);
        assert_eq!(old["connectionId"].as_str().map(str::len), Some(43));
    }
    is_refused(story.post("/hub/negotiate").send().await, 403, "Invalid session");
    let path = format!("/hub?id={token}");
    let mut hub = open(&story, &path, &[]).await.expect("a stream");
    forbidden(open(&story, &path, &[]).await);
    hub.ping(b"here").await;
    assert_eq!(hub.next().await, Frame::Pong(b"here".to_vec()));
});

story!(resonite_hub_opens_by_header_or_connection_token_alone, BOTH, |story| {
    let ada = story.person("ada").await;
    let held = in_session(&story, &ada).await;
    let header = held.header();
    let with_header = [("authorization", header.as_str())];
    drop(open(&story, "/hub", &with_header).await.expect("a stream"));
    forbidden(open(&story, "/hub", &[]).await);
    // With both the header counts, and the token is spent.
    let token = connection_token(&story, &held).await;
    let path = format!("/hub?id={token}");
    forbidden(open(&story, &path, &[("authorization", "res U-x:y")]).await);
    forbidden(open(&story, &path, &[]).await);
    let token = connection_token(&story, &held).await;
    drop(open(&story, &format!("/hub?id={token}"), &with_header).await.expect("a stream"));
    forbidden(open(&story, &format!("/hub?id={token}"), &[]).await);
    for path in [
        "/hub?id=",
        "/hub?id=x",
        &format!("/hub?id={}", held.token),
        &format!("/hub?access_token={}", held.token),
        &format!("/hub?ticket={}", connection_token(&story, &held).await),
    ] {
        forbidden(open(&story, path, &[]).await);
    }
    let bearer = format!("Bearer {}", held.token);
    forbidden(open(&story, "/hub", &[("authorization", &bearer)]).await);
    // A ticket of another dialect with the name of the hub opens it no more than one for a room does.
    let auth = &story.server().state().auth;
    let toki = bearer::speaks_for(auth, &Secret::new(signed_in(&story, &ada).await.access)).await.expect("a token");
    for target in ["hub", "room"] {
        let ticket = tickets::issue(auth, &toki, target).await.expect("a ticket");
        forbidden(open(&story, &format!("/hub?id={}", ticket.expose()), &[]).await);
    }
    let late = connection_token(&story, &held).await;
    story.advance_clock(Duration::from_secs(30));
    forbidden(open(&story, &format!("/hub?id={late}"), &[]).await);
});

story!(resonite_hub_offers_no_other_transport, RESONITE, |story| {
    let ada = story.person("ada").await;
    let held = in_session(&story, &ada).await;
    for method in [Method::GET, Method::POST] {
        let answer = call_as(&story, &held, method.clone(), "/hub").await.is(400);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        story.call(method, "/hub").send().await.is(400);
    }
});

story!(resonite_hub_shakes_hands_in_json_alone, RESONITE, |story| {
    let ada = story.person("ada").await;
    let held = in_session(&story, &ada).await;
    let mut hub = shaken(&story, &held).await;
    hub.say(&format!("{}{END}", json!({ "type": 1, "target": "x", "arguments": [] }))).await;
    hub.ping(b"").await;
    assert_eq!(hub.next().await, Frame::Pong(Vec::new()), "it says nothing");
    for (said, code) in
        [("{\"protocol\":\"messagepack\",\"version\":1}\u{1e}".to_owned(), 1003), ("x".repeat(1024 * 1024), 1009)]
    {
        let token = connection_token(&story, &held).await;
        let mut hub = open(&story, &format!("/hub?id={token}"), &[]).await.expect("a stream");
        hub.say(&said).await;
        let end = match hub.next().await {
            Frame::Text(why) => {
                assert!(why.starts_with("{\"error\":"), "{why}");
                hub.next().await
            }
            end => end,
        };
        assert!(end == Frame::Close(code) || (code == 1009 && end == Frame::Gone), "{end:?}");
    }
    assert!(lives(&story, &held).await);
});

story!(resonite_hub_closes_within_a_second_of_the_end_of_its_session, RESONITE, |story| {
    let ada = story.person("ada").await;
    let (held, other) = (in_session(&story, &ada).await, in_session(&story, &ada).await);
    let (hub, mut stays) = (shaken(&story, &held).await, shaken(&story, &other).await);
    let ticket = connection_token(&story, &held).await;
    call_as(&story, &other, Method::DELETE, &held.path()).await.is(200);
    let ended = Instant::now();
    is_closed(hub).await;
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    forbidden(open(&story, &format!("/hub?id={ticket}"), &[]).await);
    stays.ping(b"still").await;
    assert_eq!(stays.next().await, Frame::Pong(b"still".to_vec()));
    // One that nobody extends ends by itself.
    story.advance_clock(Duration::from_secs(24 * 3_600 + 1));
    is_closed(stays).await;
});

story!(resonite_hub_closes_when_an_account_ends_everything, RESONITE, |story| {
    let ada = story.person("ada").await;
    let hub = shaken(&story, &in_session(&story, &ada).await).await;
    let (auth, account) = (&story.server().state().auth, story.account(&ada).await);
    lysand_auth::flows::sessions::sign_out_everywhere(auth, &account.id).await.expect("signed out");
    is_closed(hub).await;
});

story!(resonite_hub_closes_within_a_minute_of_an_end_on_another_replica, RESONITE, |story| {
    let ada = story.person("ada").await;
    let held = in_session(&story, &ada).await;
    let mut hub = shaken(&story, &held).await;
    let replica = story.replica().await;
    let there = format!("http://localhost:{}{}", replica.addr().port(), held.path());
    story.call(Method::DELETE, &there).header("authorization", &held.header()).send().await.is(200);
    // The patience of a test is shorter than a minute.
    let ended = Instant::now();
    while ended.elapsed() < Duration::from_secs(60) {
        hub.ping(b"?").await;
        match hub.next().await {
            Frame::Pong(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            Frame::Text(last) if last.contains("\"type\":6") => {}
            Frame::Text(last) => {
                assert!(last.contains("\"type\":7"), "{last}");
                assert_eq!(hub.next().await, Frame::Close(1008));
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("it goes on");
});
