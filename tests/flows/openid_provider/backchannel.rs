//! Apps are told that a session is over (FAC-147 to FAC-149, FAC-197).

use std::time::Duration;

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::openid::backchannel;
use lysand_auth::flows::{closing, sessions, staff};
use lysand_auth::host::accounts::Standing;
use lysand_auth::on;
use lysand_auth::store::diesel;
use serde_json::{Value, json};
use tests::connect_proxy::ConnectProxy;
use tests::relying_party::{BackChannel, parts, verified};
use tests::story;
use tests::story::{App, CookieJar, SignedIn, Story};
use tests::tls::{PUBLIC, PrivateCa};
use tests::wait;
use tests::{Person, folder};

use super::{Told, id_token, id_token_in, keys, openid_app, with_back_channel, with_back_channel_in};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

async fn app(story: &Story, there: &BackChannel, path: &str, more: Value) -> App {
    let mut members = json!({ "backchannel_logout_uri": format!("{}{path}", there.url()) });
    for (name, value) in more.as_object().expect("members") {
        members[name] = value.clone();
    }
    openid_app(story, &format!("{}/cb", there.url()), members).await
}

async fn sign_out(story: &Story, browser: &SignedIn) {
    story.client().sign_out(browser).await.expect("an answer").is(303);
}

/// Waits until the app was told so often.
async fn told(story: &Story, there: &BackChannel, number: usize) -> Vec<tests::relying_party::Told> {
    wait::until("a call", async || {
        backchannel::tell_waiting(&story.server().state().auth).await.expect("a database");
        Some(there.told()).filter(|told| told.len() >= number)
    })
    .await
}

/// Waits until nothing is left to tell now.
async fn settled(story: &Story) {
    wait::until("an end", async || {
        backchannel::tell_waiting(&story.server().state().auth).await.expect("a database");
        (rows(story, "SELECT count(*) AS number FROM auth_logout WHERE tries = 0").await == 0).then_some(())
    })
    .await;
}

async fn rows(story: &Story, query: &'static str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let store = story.server().state().auth.store();
    let found: Count = store
        .read(move |c| Box::pin(async move { Ok(on!(c, c => diesel::sql_query(query).get_result::<Count>(c))?) }))
        .await
        .expect("a count");
    found.number
}

async fn waiting(story: &Story) -> i64 {
    rows(story, "SELECT count(*) AS number FROM auth_logout").await
}

story!(app_is_told_of_the_end_of_a_session_by_a_logout_token, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let ada = story.person("ada").await;
    for alg in ["RS256", "EdDSA"] {
        let app = app(&story, &there, "/told", json!({ "id_token_signed_response_alg": alg })).await;
        let silent = openid_app(&story, &format!("{}/cb", there.url()), json!({})).await;
        let before = there.told().len();
        let got = id_token(&story, &ada, &app).await;
        id_token_in(&story, &got.signed_in, &silent).await;
        sign_out(&story, &got.signed_in).await;
        let heard = told(&story, &there, before + 1).await.pop().expect("a call");
        assert_eq!((&*heard.path, &*heard.content_type), ("/told", "application/x-www-form-urlencoded"));
        let (header, claims) = verified(&keys(&story).await, &heard.token).expect("well signed");
        assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!(alg)));
        for name in ["iss", "sub", "aud", "sid"] {
            assert_eq!(claims[name], got.claims[name], "{name}");
        }
        let (iat, exp) = (claims["iat"].as_i64().expect("a time"), claims["exp"].as_i64().expect("a time"));
        assert_eq!((iat, exp - iat), (story.now(), 120));
        assert_eq!(claims["events"], json!({ EVENT: {} }));
        assert!(claims["jti"].is_string() && claims.get("nonce").is_none());
        // It opens nothing here.
        story.verify(&heard.token).await.is(401);
        let query = app.authorize_query_with(&[("prompt", "none"), ("id_token_hint", &heard.token)]);
        let answer = story.get(&format!("/oauth/authorize?{query}")).send().await.is(302).location();
        assert_eq!(tests::story::query_of(&answer, "error").as_deref(), Some("invalid_request"));
        settled(&story).await;
        assert_eq!((waiting(&story).await, there.told().len()), (0, before + 1), "once, and nobody else");
    }
    let events = rows(&story, "SELECT count(*) AS number FROM auth_event WHERE event = 'app_told_of_sign_out'").await;
    assert_eq!(events, 2);
});

/// One way to end the sessions of somebody.
async fn end(story: &Story, how: &str, person: &Person, got: &Told) {
    let state = story.server().state();
    let (auth, account) = (&state.auth, story.account(person).await);
    match how {
        "person" => sign_out(story, &got.signed_in).await,
        "everywhere" => sessions::sign_out_everywhere(auth, &account.id).await.expect("a database"),
        "reset" => sessions::end_all(auth, &account.id).await.expect("a database"),
        "suspension" => {
            let act = staff::StaffAct::by_command();
            staff::set_standing(auth, &account, Standing::Disabled, &act).await.expect("a database");
        }
        _ => closing::remove(auth, &account, Actor::Command, &Caller::default()).await.expect("a database"),
    }
}

story!(app_is_told_whoever_ends_the_session, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let app = app(&story, &there, "/told", json!({})).await;
    for (at, how) in ["person", "everywhere", "reset", "suspension", "deletion"].into_iter().enumerate() {
        let person = story.person(&format!("person{at}")).await;
        let got = id_token(&story, &person, &app).await;
        end(&story, how, &person, &got).await;
        let heard = told(&story, &there, at + 1).await.pop().expect("a call");
        let (_, claims) = parts(&heard.token);
        assert_eq!((&claims["sid"], &claims["sub"]), (&got.claims["sid"], &got.claims["sub"]), "{how}");
    }
    // By age nothing is told.
    let ada = story.person("ada").await;
    id_token(&story, &ada, &app).await;
    story.advance_clock(Duration::from_secs(400 * 24 * 3600));
    let account = story.account(&ada).await;
    sessions::end_all(&story.server().state().auth, &account.id).await.expect("a database");
    assert_eq!(waiting(&story).await, 0);
});

story!(session_that_is_renewed_is_the_same_for_apps, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let (ada, app) = (story.person("ada").await, app(&story, &there, "/told", json!({})).await);
    let got = id_token(&story, &ada, &app).await;
    // Signing in again in the same browser takes the place of the session.
    let form = [("identifier", &*ada.username), ("password", &*ada.password)];
    let login = format!("/api/auth/login?{}", app.authorize_query());
    let again = story.post(&login).session(&got.signed_in).form(&form).send().await.signed_in();
    assert_eq!(waiting(&story).await, 0, "nobody signed out");
    let later = id_token_in(&story, &again, &app).await;
    assert_eq!(later.claims["sid"], got.claims["sid"]);
    sign_out(&story, &again).await;
    let heard = told(&story, &there, 1).await.pop().expect("a call");
    assert_eq!(parts(&heard.token).1["sid"], got.claims["sid"]);
});

story!(app_that_does_not_answer_well_is_told_again_twice, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let ada = story.person("ada").await;
    for path in ["/refuses", "/redirects"] {
        let app = app(&story, &there, path, json!({})).await;
        let before = there.told().len();
        let got = id_token(&story, &ada, &app).await;
        sign_out(&story, &got.signed_in).await;
        settled(&story).await;
        assert_eq!((there.told().len(), waiting(&story).await), (before + 1, 1), "{path}");
        for (number, wait) in [(2, 30), (3, 300)] {
            story.advance_clock(Duration::from_secs(wait - 1));
            backchannel::tell_waiting(&story.server().state().auth).await.expect("a database");
            assert_eq!(there.told().len(), before + number - 1, "not before its time");
            story.advance_clock(Duration::from_secs(2));
            told(&story, &there, before + number).await;
            // Its failure is noted: a call that is under way when the clock jumps would be made once more.
            let noted = async || {
                (rows(&story, "SELECT count(*) AS number FROM auth_logout WHERE tries = 1").await == 0).then_some(())
            };
            wait::until("a note", noted).await;
        }
        wait::until("an end", async || (waiting(&story).await == 0).then_some(())).await;
        let heard = there.told().split_off(before);
        assert!(heard.iter().all(|heard| heard.path == path), "no redirect is followed");
        let ids: Vec<_> = heard.iter().map(|heard| parts(&heard.token).1["jti"].clone()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "one id for one sign-out");
    }
});

story!(app_that_floods_is_read_no_further_and_one_that_hangs_holds_nobody_up, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let ada = story.person("ada").await;
    let floods = app(&story, &there, "/floods", json!({})).await;
    let got = id_token(&story, &ada, &floods).await;
    sign_out(&story, &got.signed_in).await;
    settled(&story).await;
    assert_eq!(waiting(&story).await, 0, "its status was good");
    // Another host is told while one hangs.
    let (other_story, other, _other_folder) = (&story, &there, ());
    let hangs = app(other_story, other, "/hangs", json!({})).await;
    let got = id_token(&story, &ada, &hangs).await;
    let begun = std::time::SystemTime::now();
    sign_out(&story, &got.signed_in).await;
    assert!(begun.elapsed().expect("time goes on") < Duration::from_secs(3), "the person does not wait");
    settled(&story).await;
    let waited = begun.elapsed().expect("time goes on");
    assert!(waited < Duration::from_secs(15), "five seconds are the most: {waited:?}");
    assert_eq!(waiting(&story).await, 1, "it is told again later");
});

story!(app_in_a_private_network_is_not_called, |story| {
    let (story, there, _folder) = with_back_channel_in(story, "[\"10.0.0.0/8\"]").await;
    let (ada, app) = (story.person("ada").await, app(&story, &there, "/told", json!({})).await);
    let got = id_token(&story, &ada, &app).await;
    sign_out(&story, &got.signed_in).await;
    settled(&story).await;
    assert_eq!((there.told().len(), waiting(&story).await), (0, 1));
    // Switched off, nothing is written any more.
    let story = story.restart(&[("openid.backchannel_logout", "false")]).await;
    let again = id_token(&story, &ada, &app).await;
    sign_out(&story, &again.signed_in).await;
    assert_eq!(waiting(&story).await, 1);
    let body = story.get("/.well-known/openid-configuration").send().await.is(200).json();
    assert_eq!(body["backchannel_logout_supported"], false);
});

/// An app at this origin that is told there.
async fn app_at(story: &Story, origin: &str, path: &str) -> App {
    let uri = format!("{origin}{path}");
    openid_app(story, &format!("{origin}/cb"), json!({ "backchannel_logout_uri": uri })).await
}

story!(app_behind_an_outgoing_proxy_is_told_by_a_tunnel_to_its_public_address, |story| {
    let folder = folder::temporary("authority");
    let ca = PrivateCa::in_folder(folder.path());
    let there = BackChannel::start(&ca).await;
    let proxy = ConnectProxy::to(there.addr()).await;
    let roots = format!("[{:?}]", ca.authority.display().to_string());
    let address = format!("http://squid:s3cret@{}", proxy.addr());
    let settings = [("oidc.trusted_roots", &*roots), ("http.outgoing_proxy", &*address)];
    let story = story.restart(&settings).await;
    let ada = story.person("ada").await;
    let public = app_at(&story, &format!("https://{PUBLIC}"), "/told?tenant=a").await;
    let got = id_token(&story, &ada, &public).await;
    sign_out(&story, &got.signed_in).await;
    settled(&story).await;
    assert_eq!(
        (there.told().len(), proxy.requests().len(), waiting(&story).await),
        (0, 0, 0),
        "the proxy is not asked"
    );

    // Allowed, it is asked for the very address that was judged.
    let story = story.restart(&[("openid.backchannel_via_proxy", "true")]).await;
    let got = id_token(&story, &ada, &public).await;
    sign_out(&story, &got.signed_in).await;
    let heard = told(&story, &there, 1).await.pop().expect("a call");
    assert_eq!(heard.path, "/told");
    verified(&keys(&story).await, &heard.token).expect("well signed");
    let head = proxy.requests().pop().expect("a tunnel");
    assert!(head.starts_with(&format!("CONNECT {PUBLIC}:443 ")), "{head}");
    assert!(head.to_lowercase().contains("proxy-authorization: basic c3f1awq6cznjcmv0"), "{head}");
    // Whoever answers there without a certificate for the name is told nothing; private addresses the proxy is not asked for.
    for origin in ["https://93.184.215.15".to_owned(), "https://10.0.0.1".to_owned(), there.url().to_owned()] {
        let before = proxy.requests().len();
        assert_eq!(before, 0);
        let other = app_at(&story, &origin, "/told").await;
        let got = id_token(&story, &ada, &other).await;
        sign_out(&story, &got.signed_in).await;
        settled(&story).await;
        assert_eq!(there.told().len(), 1, "{origin}");
        assert_eq!(proxy.requests().len(), usize::from(origin.ends_with("215.15")), "{origin}");
    }
});

story!(one_host_gets_thirty_calls_a_minute_and_one_app_keeps_a_hundred, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let (ada, app) = (story.person("ada").await, app(&story, &there, "/told", json!({})).await);
    let got = id_token(&story, &ada, &app).await;
    let store = story.server().state().auth.store();
    // Ends of sessions of before, all of them at once.
    let sql = format!(
        "INSERT INTO auth_logout SELECT 'old-' || n, app_id, 'nobody', sid, subject, logout_uri, 0, {0}, {0} + n \
         FROM auth_app_session, (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 120) SELECT n FROM s) s",
        (story.now() + 1_000_000) * 1_000_000,
    );
    let filled = store.write(move |c| Box::pin(async move { Ok(on!(c, c => diesel::sql_query(sql).execute(c))?) }));
    assert_eq!(filled.await.expect("a database"), 120);
    sign_out(&story, &got.signed_in).await;
    assert_eq!(waiting(&story).await, 100, "the oldest go");
    settle_all(&story).await;
    assert_eq!(there.told().len(), 30);
    story.advance_clock(Duration::from_secs(61));
    told(&story, &there, 60).await;
    settle_all(&story).await;
    assert_eq!(there.told().len(), 60);
});

/// Makes all rows due, and tells as many as may be told.
async fn settle_all(story: &Story) {
    let store = story.server().state().auth.store();
    let due = store.write(|c| {
        Box::pin(async move { Ok(on!(c, c => diesel::sql_query("UPDATE auth_logout SET next_at = 0").execute(c))?) })
    });
    due.await.expect("a database");
    let mut before = usize::MAX;
    let mut left = waiting(story).await;
    while i64::try_from(before).unwrap_or(i64::MAX) != left {
        before = usize::try_from(left).expect("a number");
        backchannel::tell_waiting(&story.server().state().auth).await.expect("a database");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        left = waiting(story).await;
    }
}

story!(session_with_fifty_apps_ends_at_once, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let ada = story.person("ada").await;
    let first = app(&story, &there, "/slow", json!({})).await;
    let got = id_token(&story, &ada, &first).await;
    for _ in 1..50 {
        let one = app(&story, &there, "/slow", json!({ "id_token_signed_response_alg": "EdDSA" })).await;
        id_token_in(&story, &got.signed_in, &one).await;
    }
    let begun = std::time::SystemTime::now();
    sign_out(&story, &got.signed_in).await;
    let waited = begun.elapsed().expect("time goes on");
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    assert!(waiting(&story).await >= 49);
    // None of them is lost with the server.
    let story = story.restart(&[]).await;
    let left = waiting(&story).await;
    assert!(left >= 45, "{left}");
    told(&story, &there, 3).await;
});

story!(going_on_as_another_account_of_the_browser_tells_no_app, |story| {
    let (story, there, _folder) = with_back_channel(story).await;
    let (ada, bob) = (story.person("ada").await, story.person("bob").await);
    let app = app(&story, &there, "/told", json!({})).await;
    let got = id_token(&story, &ada, &app).await;
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &got.signed_in.cookie);
    let form = [("identifier", &*bob.username), ("password", &*bob.password)];
    let login = format!("/api/auth/login?{}", app.authorize_query());
    jar.keep(&story.post(&login).cookies(&jar).form(&form).send().await.is(302));
    // To ada again: a session takes the place of hers, with all that is known of it.
    let listed = story.get("/api/auth/accounts").cookies(&jar).send().await.is(200).json();
    let listed = listed.as_array().expect("a list").iter().find(|listed| listed["username"] == "ada");
    let body = json!({ "account": listed.expect("ada")["account"] });
    let switch = story.post("/api/auth/accounts/switch").header("origin", story.base()).cookies(&jar).json(&body);
    let switched = switch.send().await;
    assert!(switched.status.as_u16() < 400 && switched.cookie("jwt").is_some(), "{}", switched.body);
    jar.keep(&switched);
    settled(&story).await;
    assert_eq!((waiting(&story).await, there.told().len()), (0, 0), "the session goes on");
    let out = story.post("/api/auth/mastodon-logout").header("origin", story.base()).cookies(&jar).send().await;
    out.is(303);
    let heard = told(&story, &there, 1).await.pop().expect("a call");
    let (_, claims) = verified(&keys(&story).await, &heard.token).expect("well signed");
    assert_eq!(claims["sid"], got.claims["sid"]);
});
