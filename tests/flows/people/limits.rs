//! Limits of what strangers can try (people PPL-160, PPL-186, PPL-187, PPL-189).

use lysand_auth::flows::events::{self, EventQuery};
use serde_json::json;
use tests::story;
use tests::story::CookieJar;

use super::{form, form_token};

const LINKS: &[(&str, &str)] = &[("ratelimit.enabled", "true"), ("ratelimit.token_links.max", "3")];

story!(mailed_links_of_every_kind_are_limited_together, LINKS, |story| {
    let paths = [
        "/register/confirm?token=x",
        "/oauth/reset?token=x",
        "/account/email/confirm?token=x",
        "/account/email/stop?token=x",
        "/account/email/undo?token=x",
    ];
    for path in paths {
        // Each kind counts, and by itself it counts three times.
        for wanted in [410, 410, 410, 429] {
            let page = story.get(path).header("accept", "text/html").send().await.is(wanted);
            assert!(wanted == 410 || page.header("retry-after").parse::<u64>().is_ok(), "{path}");
        }
        for other in paths {
            story.get(other).send().await.is(429);
        }
        let reset = json!({ "token": "x", "password": "quite another sentence" });
        story.post("/api/v1/auth/password/reset").json(&reset).send().await.is(429);
        story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": "x" })).send().await.is(429);
        story.advance_clock(std::time::Duration::from_secs(601));
    }
    for _ in 0..3 {
        let reset = json!({ "token": "x", "password": "quite another sentence" });
        story.post("/api/v1/auth/password/reset").json(&reset).send().await.is(400);
    }
    story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": "x" })).send().await.is(429);
});

story!(
    challenges_of_one_network_are_limited,
    &[("ratelimit.enabled", "true"), ("ratelimit.challenges.max", "3")],
    |story| {
        for _ in 0..3 {
            story.get("/api/v1/auth/signup/challenge").send().await.is(200);
        }
        let refused = story.get("/api/v1/auth/signup/challenge").send().await.is(429);
        assert!(refused.header("retry-after").parse::<u64>().is_ok());
    }
);

story!(
    sign_ups_without_scripts_are_limited_for_the_whole_server,
    &[
        ("ratelimit.enabled", "true"),
        ("ratelimit.signup_address.max", "100"),
        ("ratelimit.signup_unproven_address.max", "100"),
        ("ratelimit.signup_unproven_total.max", "2"),
    ],
    |story| {
        for (number, wanted) in [(1, 302), (2, 302), (3, 429), (4, 429)] {
            let mut jar = CookieJar::default();
            let token = form_token(&story, &mut jar, "/register").await;
            let (name, address) = (format!("person{number}"), format!("person{number}@example.com"));
            let fields = [form(&name, &address), vec![("form_token", &*token)]].concat();
            let answer = story.post("/register").cookies(&jar).form(&fields).send().await.is(wanted);
            assert!(wanted == 302 || answer.body.contains("with scripts on"), "{}", answer.body);
        }
    }
);

story!(refused_sign_ups_are_recorded_without_name_and_address, &[("signups.proof_of_work", "false")], |story| {
    story.person("ada").await;
    for (name, address, code) in
        [("ada", "secret.person@example.com", ""), ("wrong name", "secret.person@example.com", "SecretCode")]
    {
        let fields = [form(name, address), vec![("invite_code", code)]].concat();
        story.post("/api/v1/auth/signup").form(&fields).send().await.is(422);
    }
    let auth = &story.server().state().auth;
    let all = events::find(auth, EventQuery::new(100)).await.expect("events");
    let refused: Vec<_> = all.iter().filter(|event| event.event == "sign_up_refused").collect();
    assert_eq!(refused.len(), 2);
    for event in refused {
        assert!(event.target.is_none() && event.name.is_none() && event.network.is_some(), "{event:?}");
        let told = format!("{event:?}").to_lowercase();
        assert!(!told.contains("secret") && !told.contains("wrong name") && !told.contains("\"ada\""), "{told}");
    }
});
