//! Streams of rooms on a host: who may open one (native NAT-9, 1.4).

use actix_web::HttpResponse;
use lysand_auth::web::native::StreamAuth;
use reqwest::Method;
use serde_json::json;
use tests::embedder::{Embedder, auth_builder_of};
use tests::story;

use super::synctv::{SYNCTV, TWO_FACTORS, call, is_error, signed_in};

async fn room(stream: StreamAuth) -> HttpResponse {
    HttpResponse::Ok().body(stream.account().username.clone())
}

story!(synctv_room_opens_by_header_or_ticket_and_not_with_one_proof_of_two, SYNCTV, |story| {
    let auth = auth_builder_of(&story).build().expect("a host");
    let host = Embedder::serve(&auth, |config| {
        config.route("/ws/rooms/{id}", actix_web::web::get().to(room));
    })
    .await;
    let (ada, place) = (story.person("ada").await, host.url("/ws/rooms/one"));
    let own = signed_in(&story, &ada).await;
    let open = async |query: &str, token: Option<&str>| {
        let call = story.get(&format!("{place}{query}"));
        match token {
            Some(token) => call.bearer(token).send().await,
            None => call.send().await,
        }
    };
    assert_eq!(open("", Some(&own.access)).await.is(200).body, "ada");
    let missing = "Missing authentication: provide token via Authorization header or ?ticket=";
    is_error(open("", None).await, 401, missing);
    is_error(open("", Some(&own.refresh)).await, 401, "Invalid or expired token");
    is_error(open(&format!("?ticket={}", own.access), None).await, 401, "Invalid or expired ticket");
    for (target, opens) in [("one", true), ("two", false)] {
        let body = json!({ "room_id": target });
        let made = call(&story, Method::POST, "/api/tickets", &own.access, Some(&body)).await.is(200).json();
        let query = format!("?ticket={}", made["ticket"].as_str().expect("a ticket"));
        let first = open(&query, None).await;
        match opens {
            true => assert_eq!(first.is(200).body, "ada"),
            false => is_error(first, 401, "Invalid or expired ticket"),
        }
        is_error(open(&query, None).await, 401, "Invalid or expired ticket");
    }
    let body = json!({ "two_factor_enabled": true });
    call(&story, Method::PATCH, "/api/user/preferences", &own.access, Some(&body)).await.is(200);
    is_error(open("", Some(&own.access)).await, 401, TWO_FACTORS);
    host.end().await;
});
