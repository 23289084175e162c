//! Many apps lose their access at once (people PPL-115, PPL-116).

use std::time::Duration;

use lysand_auth::flows::apps::{self, Registration};
use lysand_auth::flows::{bearer, events};
use serde_json::{Value, json};
use tests::Person;
use tests::story;
use tests::story::{App, CookieJar, Response, Story};

use super::email::account_app;
use super::{confirm_identity, form_token};

const DAY: Duration = Duration::from_secs(24 * 3600);
const END: &str = "/api/v1/auth/apps/end";
const LIST: &str = "/oauth/authorized_applications";

async fn end(story: &Story, token: &str, body: Value) -> Response {
    story.post(END).bearer(token).json(&body).send().await
}

fn names(answer: &Response) -> Vec<String> {
    let told = answer.json();
    let all = told["ended"].as_array().expect("a list").iter();
    all.map(|app| app["name"].as_str().expect("a name").to_owned()).collect()
}

async fn named(story: &Story, name: &str) -> App {
    story.client().register_with(name, "https://app.example/callback", "read write", &[]).await.expect("an app")
}

async fn uses(story: &Story, token: &str) {
    story.verify(token).await.is(200);
    bearer::write_uses(&story.server().state().auth).await.expect("written");
}

/// An app of the server's own, with a token of this person.
async fn own_app_token(story: &Story, person: &Person) -> String {
    let mut wanted = Registration::default();
    wanted.name = Some("House".into());
    wanted.redirect_uris = vec!["https://house.example/cb".into()];
    wanted.scopes = Some("read".into());
    let made = apps::register_first_party(&story.server().state().auth, wanted).await.expect("an app");
    let app = App {
        client_id: made.app.client_id,
        client_secret: made.secret.expect("a secret").expose().to_owned(),
        redirect_uri: "https://house.example/cb".to_owned(),
        scopes: "read".to_owned(),
    };
    let login = story.log_in(&app.authorize_query(), &person.username, &person.password).await.is(302);
    let pairs: std::collections::HashMap<_, _> = login.location().query_pairs().into_owned().collect();
    let answer = story.redeem(&app, &pairs["code"]).await.is(200).json();
    answer["access_token"].as_str().expect("a token").to_owned()
}

story!(apps_end_takes_those_that_nobody_used_for_so_many_days, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (old, used, fresh) = (named(&story, "Old").await, named(&story, "Used").await, named(&story, "Fresh").await);
    let (old_token, used_token) = (story.token(&ada, &old).await, story.token(&ada, &used).await);
    let house = own_app_token(&story, &ada).await;
    let hers = story.token(&eve, &old).await;
    uses(&story, &old_token).await;
    story.advance_clock(DAY * 80);
    uses(&story, &used_token).await;
    story.advance_clock(DAY * 11);
    let (fresh_token, keys) = (story.token(&ada, &fresh).await, account_app(&story).await);
    let token = story.token(&ada, &keys).await;
    assert_eq!(names(&end(&story, &token, json!({ "unused_for": 91 })).await.is(200)), Vec::<String>::new());
    let ended = end(&story, &token, json!({ "unused_for": 90 })).await.is(200);
    assert_eq!(names(&ended), ["Old"]);
    assert!(ended.json()["ended"][0]["id"].is_string() && ended.header("cache-control") == "no-store");
    story.verify(&old_token).await.is(401);
    for alive in [&used_token, &fresh_token, &house, &hers, &token] {
        story.verify(alive).await.is(200);
    }
    let found = events::find(&story.server().state().auth, events::EventQuery::new(100)).await.expect("events");
    let removed: Vec<_> = found.iter().filter(|event| event.event == "apps_removed").collect();
    assert_eq!(removed.len(), 1, "{removed:?}");
    assert_eq!(removed[0].detail.as_deref(), Some(r#"{"apps":1,"unused_for":90}"#));
});

story!(apps_end_counts_refreshes_and_new_grants_as_uses, |story| {
    let ada = story.person("ada").await;
    let (expiring, twice) = (story.expiring_app().await, named(&story, "Twice").await);
    let pair = story.token_pair(&ada, &expiring).await;
    let first = story.token(&ada, &twice).await;
    uses(&story, &first).await;
    story.advance_clock(DAY * 20);
    let refreshed = story.refresh(&expiring, &pair.refresh).await.is(200).json();
    let second = story.token(&ada, &twice).await;
    story.advance_clock(DAY * 20);
    let keys = account_app(&story).await;
    let token = story.token(&ada, &keys).await;
    assert_eq!(names(&end(&story, &token, json!({ "unused_for": 30 })).await.is(200)), Vec::<String>::new());
    story.verify(&first).await.is(200);
    story.verify(&second).await.is(200);
    let refresh = refreshed["refresh_token"].as_str().expect("a token");
    story.refresh(&expiring, refresh).await.is(200);
});

story!(apps_end_spares_an_app_that_was_used_since_the_page_was_shown, |story| {
    let ada = story.person("ada").await;
    let old = story.token(&ada, &named(&story, "Old").await).await;
    story.advance_clock(DAY * 91);
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &named(&story, "Young").await).await.cookie);
    let token = form_token(&story, &mut jar, "/account/apps/end?unused_for=90").await;
    // Its use is not even written yet.
    story.verify(&old).await.is(200);
    let fields = [("unused_for", "90"), ("form_token", &*token)];
    let done = story.post("/account/apps/end").cookies(&jar).form(&fields).send().await.is(302);
    assert!(done.header("location").ends_with("notice=none_removed"));
    story.verify(&old).await.is(200);
});

story!(apps_end_of_all_wants_proof_and_spares_the_servers_own, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (usual, expiring, keys) = (story.usual_app().await, story.expiring_app().await, account_app(&story).await);
    let lasting = story.token(&ada, &usual).await;
    let pair = story.token_pair(&ada, &expiring).await;
    let (house, hers) = (own_app_token(&story, &ada).await, story.token(&eve, &usual).await);
    let browser = story.sign_in(&ada, &usual).await;
    let code = story.consent(&browser, &usual).await;
    let token = story.token(&ada, &keys).await;
    story.advance_clock(Duration::from_secs(301));
    end(&story, &token, json!({ "all": true })).await.is(403);
    end(&story, &token, json!({ "all": true, "current_password": "wrong" })).await.is(403);
    story.verify(&lasting).await.is(200);
    let ended = end(&story, &token, json!({ "all": true, "current_password": ada.password })).await.is(200);
    assert_eq!(names(&ended).len(), 3);
    for dead in [&lasting, &pair.access, &token] {
        story.verify(dead).await.is(401);
    }
    story.refresh(&expiring, &pair.refresh).await.is(400);
    story.redeem(&usual, &code).await.is(400);
    story.verify(&house).await.is(200);
    story.verify(&hers).await.is(200);
    assert!(story.client().is_signed_in(&browser, &usual).await.expect("an answer"), "browsers stay");
});

story!(apps_end_refuses_what_names_no_apps, |story| {
    let (ada, keys) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &keys).await;
    for (body, code) in [
        (json!({}), "ERR_BLANK"),
        (json!({ "all": false }), "ERR_BLANK"),
        (json!({ "unused_for": "" }), "ERR_BLANK"),
        (json!({ "unused_for": null }), "ERR_BLANK"),
        (json!({ "unused_for": 0 }), "ERR_INVALID"),
        (json!({ "unused_for": -30 }), "ERR_INVALID"),
        (json!({ "unused_for": 3651 }), "ERR_INVALID"),
        (json!({ "unused_for": 1.5 }), "ERR_INVALID"),
        (json!({ "unused_for": "ninety" }), "ERR_INVALID"),
        (json!({ "all": "yes" }), "ERR_INVALID"),
        (json!({ "all": true, "unused_for": 30 }), "ERR_INVALID"),
    ] {
        let refused = end(&story, &token, body.clone()).await.is(422);
        let details = refused.json()["details"].clone();
        let told = details["unused_for"][0]["error"].as_str().or(details["all"][0]["error"].as_str());
        assert_eq!(told, Some(code), "{body}: {details}");
    }
    for wrong in [json!([30]), json!({ "days": 30 })] {
        let answer = end(&story, &token, json!({ "unused_for": wrong })).await;
        assert!(answer.status == 400 || answer.status == 422, "{}", answer.status);
    }
    story.verify(&token).await.is(200);
    story.post(END).json(&json!({ "unused_for": 30 })).send().await.is(401);
    let reader = story.app("https://reader.example/cb", "read auth:read").await;
    let only_reads = story.token(&ada, &reader).await;
    end(&story, &only_reads, json!({ "unused_for": 30 })).await.is(403);
});

story!(apps_end_page_lists_what_would_end_before_it_does, |story| {
    let ada = story.person("ada").await;
    let old = story.token(&ada, &named(&story, "<b>Old</b>").await).await;
    story.advance_clock(DAY * 91);
    let app = named(&story, "Young").await;
    let young = story.token(&ada, &app).await;
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let list = story.get(LIST).cookies(&jar).send().await.is(200);
    assert!(list.body.contains("action=\"/account/apps/end\"") && list.body.contains("/account/apps/end/all"));
    let path = "/account/apps/end?unused_for=90";
    let page = story.get(path).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("&lt;b&gt;Old&lt;/b&gt;") && !page.body.contains("Young"), "{}", page.body);
    for odd in ["/account/apps/end", "/account/apps/end?unused_for=0", "/account/apps/end?unused_for=all"] {
        story.get(odd).cookies(&jar).send().await.is(404);
    }
    let stranger = story.get(path).send().await.is(302);
    assert!(stranger.header("location").contains("/account/sign-in"));
    let token = form_token(&story, &mut jar, path).await;
    let stale = [("unused_for", "90"), ("form_token", "guessed")];
    story.post("/account/apps/end").cookies(&jar).form(&stale).send().await.is(422);
    let apps = story.get("/oauth/authorized_applications.json").cookies(&jar).send().await.is(200).json();
    assert_eq!(apps.as_array().map(Vec::len), Some(2), "nothing has ended yet");
    let fields = [("unused_for", "90"), ("form_token", &*token)];
    let done = story.post("/account/apps/end").cookies(&jar).form(&fields).send().await.is(302);
    assert!(done.header("location").ends_with("/oauth/authorized_applications?notice=all_removed"));
    story.verify(&old).await.is(401);
    story.verify(&young).await.is(200);
    let again = story.post("/account/apps/end").cookies(&jar).form(&fields).send().await.is(302);
    assert!(again.header("location").ends_with("notice=none_removed"));
    // All of them, after a proof.
    let all = "/account/apps/end/all";
    story.advance_clock(Duration::from_secs(301));
    let asked = story.get(all).cookies(&jar).send().await.is(302);
    assert!(asked.header("location").ends_with("/account/confirm?then=%2Faccount%2Fapps%2Fend%2Fall"));
    story.post(all).cookies(&jar).form(&[("form_token", &*token)]).send().await.is(302);
    story.verify(&young).await.is(200);
    confirm_identity(&story, &mut jar, &ada.password, all).await;
    let page = story.get(all).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("Young"), "{}", page.body);
    let token = form_token(&story, &mut jar, all).await;
    story.post(all).cookies(&jar).form(&[("form_token", &*token)]).send().await.is(302);
    story.verify(&young).await.is(401);
    let list = story.get(LIST).cookies(&jar).send().await.is(200);
    assert!(!list.body.contains("/account/apps/end"), "nothing is left to remove");
});
