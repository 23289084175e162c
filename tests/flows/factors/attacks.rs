//! What somebody tries who has the password, a code, or a cookie too many (FAC-15, FAC-61, FAC-117 to FAC-120, FAC-196).

use std::time::Duration;

use futures_util::future::join_all;
use lysand_auth::flows::factors::own::{self, Act, OwnProof, Owner};
use lysand_auth::flows::sessions;
use tests::story;
use tests::story::CookieJar;

use super::{WRONG, Waiting, act, begin, enrol, is_over, is_step_error, own_id};
use crate::people::form_token;

story!(totp_step_is_used_once_and_never_an_older_one, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let query = app.authorize_query();
    story.advance_clock(Duration::from_secs(90));
    let (before, now, after) = (story.now() - 30, story.now(), story.now() + 30);
    let waiting = begin(&story, &ada, &query).await;
    // Two steps away on either side is no code.
    for away in [now - 60, now + 60] {
        is_step_error(waiting.post(&story, "totp", &own.app.code(away)).await, "invalid_grant", WRONG);
    }
    waiting.post(&story, "totp", &own.app.code(now)).await.signed_in();
    for used in [now, before] {
        let waiting = begin(&story, &ada, &query).await;
        is_step_error(waiting.post(&story, "totp", &own.app.code(used)).await, "invalid_grant", WRONG);
    }
    begin(&story, &ada, &query).await.post(&story, "totp", &own.app.code(after)).await.signed_in();
    // A clock that is set back frees no step.
    story.set_clock_back(Duration::from_secs(30));
    for used in [before, now, after] {
        let waiting = begin(&story, &ada, &query).await;
        is_step_error(waiting.post(&story, "totp", &own.app.code(used)).await, "invalid_grant", WRONG);
    }
});

story!(code_used_at_the_same_moment_signs_in_once, &[("http.workers", "2"), ("factors.tries", "20")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let replica = story.replica().await;
    let elsewhere = tests::TestClient::new(replica.base_url(), &tests::http::http_client(None));
    for method in ["totp", "recovery"] {
        let code = if method == "totp" { own.fresh_code(&story) } else { own.codes[0].clone() };
        // In different sign-ins, at two processes.
        let mut waiting = Vec::new();
        for _ in 0..8 {
            waiting.push(begin(&story, &ada, &app.authorize_query()).await);
        }
        let answers = waiting.iter().enumerate().map(|(at, one)| {
            let client = if at % 2 == 0 { story.client() } else { &elsewhere };
            one.post_by(client, method, &code)
        });
        let answers = join_all(answers).await;
        let signed_in = answers.iter().filter(|answer| answer.cookie("jwt").is_some()).count();
        assert_eq!(signed_in, 1, "{method}");
        assert!(answers.iter().all(|answer| answer.status == 302), "an ordinary answer for the others");
        // And in one and the same.
        let code = if method == "totp" { own.fresh_code(&story) } else { own.codes[1].clone() };
        let one = begin(&story, &ada, &app.authorize_query()).await;
        let answers = join_all((0..8).map(|_| one.post(&story, method, &code))).await;
        let cookies = answers.iter().filter(|answer| answer.cookie("jwt").is_some()).count();
        assert_eq!(cookies, 1, "{method}");
    }
});

story!(wrong_answers_end_a_sign_in_however_many_come_at_once, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    // What is no code is not counted.
    for odd in ["", "12345", "abcdef", &"1".repeat(65)] {
        is_step_error(waiting.post(&story, "totp", odd).await, "invalid_request", "This is no such code.");
    }
    let offered = waiting.post(&story, "email", "12345678").await;
    assert!(offered.status == 404 || offered.status == 302, "{}", offered.status);
    let answers = join_all((0..9).map(|_| waiting.post(&story, "totp", "000000"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 302).count(), 4, "the fifth ends it");
    let code = own.fresh_code(&story);
    is_over(waiting.post(&story, "totp", &code).await);
    // The owner begins again.
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "totp", &code).await.signed_in();
});

story!(
    wrong_factors_are_limited_for_the_account_and_no_new_sign_in_resets_them,
    &[
        ("ratelimit.enabled", "true"),
        ("http.trusted_proxies", "[\"127.0.0.1\"]"),
        ("ratelimit.oauth_address.max", "1000")
    ],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let own = enrol(&story, &ada).await;
        let guess = async |waiting: &Waiting, from: usize, code: &str| {
            let call = story.post("/api/auth/factor/totp").cookies(&waiting.jar);
            let call = call.header("x-forwarded-for", &format!("192.0.2.{from}"));
            call.form(&[("pending", &*waiting.id), ("code", code)]).send().await
        };
        let mut tried = 0;
        while tried < 10 {
            let waiting = begin(&story, &ada, &app.authorize_query()).await;
            for _ in 0..4 {
                if tried < 10 {
                    guess(&waiting, tried, "000000").await.is(302);
                    tried += 1;
                }
            }
        }
        let waiting = begin(&story, &ada, &app.authorize_query()).await;
        let refused = guess(&waiting, 99, &own.fresh_code(&story)).await.is(429);
        assert!(!refused.header("retry-after").is_empty());
        // Staff lifts it.
        let account = story.account(&ada).await;
        let auth = &story.server().state().auth;
        let (by, caller) = (lysand_auth::flows::events::Actor::Command, lysand_auth::flows::events::Caller::default());
        sessions::unlock(auth, &account, by, &caller).await.expect("unlocked");
        guess(&waiting, 99, &own.fresh_code(&story)).await.signed_in();
    }
);

story!(sign_in_that_waits_is_over_when_the_account_changes, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    let query = app.authorize_query();
    let waiting = begin(&story, &ada, &query).await;
    // The factor that is asked for is removed.
    let id = own_id(&story, &own.jar).await;
    act(&story, &mut own.jar, &format!("{id}/remove"), &[]).await.is(302);
    is_over(waiting.post(&story, "totp", &own.fresh_code(&story)).await);
    is_over(story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await);

    // Another password.
    let own = enrol(&story, &ada).await;
    let (waiting, mut jar) = (begin(&story, &ada, &query).await, own.jar.clone());
    let token = form_token(&story, &mut jar, "/account/password").await;
    let fields =
        [("form_token", &*token), ("current_password", &*ada.password), ("password", "quite another sentence")];
    let changed = story.post("/account/password").cookies(&jar).form(&fields).send().await.is(302);
    jar.keep(&changed);
    is_over(waiting.post(&story, "totp", &own.fresh_code(&story)).await);
});

story!(factor_removed_at_the_moment_of_its_use_leaves_one_of_the_two, &[("http.workers", "2")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let auth = &story.server().state().auth;
    for _ in 0..4 {
        let own = enrol(&story, &ada).await;
        let code = own.fresh_code(&story);
        let waiting = begin(&story, &ada, &app.authorize_query()).await;
        let cookie = own.jar.get("jwt").expect("a session").to_owned();
        let browser = sessions::of_cookie(auth, &cookie).await.expect("an answer").expect("somebody");
        let (owner, caller) = (Owner::in_browser(auth, &browser), lysand_auth::flows::events::Caller::default());
        let id = own::list(auth, &browser.account).await.expect("a list").factors[0].id.clone();
        let proof = OwnProof::default();
        let act = Act { owner: &owner, proof: &proof, caller: &caller };
        let (answer, removed) =
            futures_util::future::join(waiting.post(&story, "totp", &code), own::remove(auth, act, &id)).await;
        removed.expect("removed");
        if let Some(jwt) = answer.cookie("jwt") {
            // It came first, and was ended by the removal.
            assert!(sessions::of_cookie(auth, &jwt).await.expect("an answer").is_err(), "no session survives");
        }
        let signed_in = story.log_in(&app.authorize_query(), "ada", &ada.password).await;
        assert!(signed_in.cookie("jwt").is_some(), "two-step sign-in is off");
    }
});

story!(secrets_of_factors_stand_in_no_row, |story| {
    let ada = story.person("ada").await;
    let mut jar = crate::factors::browser_of(&story, &ada).await;
    let page = act(&story, &mut jar, "totp", &[]).await.is(200);
    let secret = crate::factors::between(&page.body, "<code>", "</code>").replace(' ', "");
    let own = enrol(&story, &ada).await;
    let waiting = begin(&story, &ada, &story.usual_app().await.authorize_query()).await;
    let cookie = waiting.jar.get(&format!("signin_{}", waiting.id)).expect("a cookie");
    for (column, cell) in crate::people::dump(&story).await {
        let text = String::from_utf8_lossy(&cell);
        for value in own.codes.iter().map(String::as_str).chain([&*secret, cookie]) {
            let plain = value.replace('-', "");
            assert!(!text.contains(value) && !text.contains(&plain), "{column}");
        }
    }
});

story!(account_has_twenty_sign_ins_that_wait_at_most, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let first = begin(&story, &ada, &app.authorize_query()).await;
    story.advance_clock(Duration::from_secs(1));
    let second = begin(&story, &ada, &app.authorize_query()).await;
    story.advance_clock(Duration::from_secs(1));
    for _ in 0..19 {
        begin(&story, &ada, &app.authorize_query()).await;
    }
    is_over(first.post(&story, "totp", &own.fresh_code(&story)).await);
    second.post(&story, "totp", &own.fresh_code(&story)).await.signed_in();
});

story!(methods_that_are_left_out_are_neither_offered_nor_accepted, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let story = story.restart(&[("factors.methods", "[\"totp\"]")]).await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let page = format!("/oauth/factor?pending={}&method=recovery", waiting.id);
    let page = story.get(&page).cookies(&waiting.jar).send().await.is(200);
    assert!(page.body.contains("authenticator app") && !page.body.contains("ecovery code"), "{}", page.body);
    let refused = waiting.post(&story, "recovery", &own.codes[0]).await;
    is_step_error(refused, "invalid_request", "That way is not offered for this sign-in.");
    let story = story.restart(&[("factors.methods", "[\"recovery\", \"totp\"]")]).await;
    waiting.post(&story, "recovery", &own.codes[0]).await.signed_in();
});

story!(
    known_browser_has_an_allowance_of_its_own_for_factors,
    &[
        ("ratelimit.enabled", "true"),
        ("factors.tries", "20"),
        ("ratelimit.factor_account.max", "3"),
        ("ratelimit.factor_known.max", "4")
    ],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let own = enrol(&story, &ada).await;
        // The owner signs in once, and the account knows the browser.
        let waiting = begin(&story, &ada, &app.authorize_query()).await;
        let answer = waiting.post(&story, "totp", &own.fresh_code(&story)).await;
        let mut home = CookieJar::default();
        home.keep_value("known", &answer.cookie("known").expect("a cookie"));
        let thief = begin(&story, &ada, &app.authorize_query()).await;
        for _ in 0..3 {
            is_step_error(thief.post(&story, "totp", "000000").await, "invalid_grant", WRONG);
        }
        thief.post(&story, "totp", &own.fresh_code(&story)).await.is(429);
        let owner = crate::factors::begin_in(&story, &ada, &app.authorize_query(), home).await;
        is_step_error(owner.post(&story, "totp", "000000").await, "invalid_grant", WRONG);
        owner.post(&story, "totp", &own.fresh_code(&story)).await.signed_in();
        for _ in 0..4 {
            let again = crate::factors::begin_in(&story, &ada, &app.authorize_query(), owner.jar.clone()).await;
            again.post(&story, "totp", "000000").await;
        }
        let again = crate::factors::begin_in(&story, &ada, &app.authorize_query(), owner.jar.clone()).await;
        again.post(&story, "totp", &own.fresh_code(&story)).await.is(429);
    }
);

story!(answers_from_elsewhere_and_of_another_shape_are_refused_and_cost_nothing, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let query = story.usual_app().await.authorize_query();
    let waiting = begin(&story, &ada, &query).await;
    let code = own.fresh_code(&story);
    let post = || story.post("/api/auth/factor/totp").cookies(&waiting.jar);
    let form = [("pending", &*waiting.id), ("code", &*code)];
    for origin in ["https://evil.example", "null"] {
        let answer = post().header("origin", origin).header("accept", "application/json").form(&form).send().await;
        assert_eq!(answer.is(403).json()["code"], "foreign", "{origin}");
        // The token of a page that is none of this browser's proves nothing either.
        let old = [&form[..], &[("form_token", "old")]].concat();
        let answer = post().header("origin", origin).header("accept", "text/html").form(&old).send().await;
        assert!(matches!(answer.status.as_u16(), 403 | 422) && answer.cookie("jwt").is_none(), "{origin}");
    }
    let twice = [&form[..], &[("code", "000000")]].concat();
    assert!(post().form(&twice).send().await.cookie("jwt").is_none());
    post().body("text/plain", "pending=1&code=2").send().await.is(415);
    // What nobody knows means nothing, and none of that was a try.
    let more = [&form[..], &[("colour", "blue")]].concat();
    post().form(&more).send().await.signed_in();
});
