//! Settings that admins change while the server runs (PPL-154).

use std::time::Duration;

use futures_util::future::join_all;
use lysand_auth::host::accounts::Role;
use serde_json::{Value, json};
use tests::story::{CookieJar, Response, Story};
use tests::{Person, story, wait};

use super::pages::{browser, fill, look};
use super::{OPEN, staff};
use crate::people::dump::dump;
use crate::people::sign_up;

const PATH: &str = "/api/v1/admin/auth/settings";
const PAGE: &str = "/admin/settings";
const TITLED: &[(&str, &str)] = &[("instance.title", "By environment"), ("signups.proof_of_work", "false")];

async fn patch(story: &Story, token: &str, body: &Value) -> Response {
    story.call(reqwest::Method::PATCH, PATH).bearer(token).json(body).send().await
}

async fn settings(story: &Story, token: &str) -> Value {
    story.get(PATH).bearer(token).send().await.is(200).json()
}

async fn title(story: &Story) -> Value {
    story.get("/api/v2/instance").send().await.is(200).json()["title"].clone()
}

story!(settings_changed_on_one_replica_are_in_force_on_all_and_after_a_restart, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let replica = story.replica().await;
    let before = settings(&story, &admin).await;
    assert_eq!(before["instance.title"], json!({ "value": "My instance", "source": "default", "locked": false }));
    let wanted = json!({
        "instance.title": "Fernhill",
        "signups.registration": false,
        "signups.invitations": "off",
        "signups.message": "Come back in spring.",
        "signups.rules": ["Be kind.", "No spam."],
        "signups.minimum_age": 16,
    });
    let after = patch(&story, &admin, &wanted).await.is(200).json();
    assert_eq!(after["instance.title"], json!({ "value": "Fernhill", "source": "database", "locked": false }));
    assert_eq!(after["signups.rules"]["value"], json!(["Be kind.", "No spam."]));
    // At once where it was changed.
    assert_eq!(title(&story).await, "Fernhill");
    let refused = story.post("/api/v1/auth/signup").form(&[("username", "bob")]).send().await;
    refused.is_api_error(403, "Come back in spring.");
    let rules = story.get("/api/v1/instance/rules").send().await.is(200).json();
    assert_eq!(rules[1]["text"], "No spam.");
    let home = story.get("/").header("accept", "text/html").send().await.is(200);
    assert!(home.body.contains("Fernhill") && !home.body.contains("My instance"), "{}", home.body);
    // On the other one within seconds.
    let there = format!("http://{}/api/v2/instance", replica.addr());
    wait::until("the other replica", async || {
        let told: Value = reqwest::get(&there).await.expect("an answer").json().await.expect("JSON");
        (told["title"] == "Fernhill" && told["registrations"]["enabled"] == false).then_some(())
    })
    .await;
    replica.abort().await;
    let story = story.restart(&[]).await;
    assert_eq!(title(&story).await, "Fernhill");
    // Null gives way to what the configuration says.
    let after = patch(&story, &admin, &json!({ "instance.title": null })).await.is(200).json();
    assert_eq!(after["instance.title"]["source"], "default");
    assert_eq!(title(&story).await, "My instance");
});

story!(settings_of_the_environment_are_shown_and_locked, TITLED, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let told = settings(&story, &admin).await;
    assert_eq!(told["instance.title"], json!({ "value": "By environment", "source": "environment", "locked": true }));
    for value in [json!("Other"), Value::Null] {
        let refused = patch(&story, &admin, &json!({ "instance.title": value, "signups.message": "x" })).await.is(422);
        assert_eq!(refused.json()["details"]["instance.title"][0]["error"], "ERR_LOCKED");
        assert!(refused.json()["error"].as_str().is_some_and(|why| why.contains("is fixed by the configuration")));
    }
    assert_eq!(settings(&story, &admin).await["signups.message"]["value"], "", "all of it, or nothing");
});

story!(settings_are_for_admins_with_a_fresh_proof, OPEN, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let change = json!({ "instance.title": "Taken" });
    story.get(PATH).send().await.is_api_error(401, "The access token is invalid");
    story.get(PATH).bearer(&moderator).send().await.is_api_error(403, "This action is not allowed");
    patch(&story, &moderator, &change).await.is_api_error(403, "This action is not allowed");
    let accounts_alone = story.app("https://a.example/cb", "admin:read:accounts admin:write:accounts").await;
    let token = story.token(&ada, &accounts_alone).await;
    story.get(PATH).bearer(&token).send().await.is(403);
    patch(&story, &token, &change).await.is(403);
    story.advance_clock(Duration::from_secs(301));
    patch(&story, &admin, &change).await.is_api_error(403, "Please confirm that it is you");
    let wrong = json!({ "instance.title": "Taken", "current_password": "wrong" });
    patch(&story, &admin, &wrong).await.is_api_error(403, "This is not the password of the account");
    assert_eq!(title(&story).await, "My instance");
    let right = json!({ "instance.title": "Taken", "current_password": ada.password });
    patch(&story, &admin, &right).await.is(200);
    assert_eq!(title(&story).await, "Taken");
});

story!(settings_that_cannot_be_are_refused_with_the_words_of_the_configuration, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let before = settings(&story, &admin).await;
    for (change, field, code) in [
        (json!({ "instance.title": " " }), "instance.title", "ERR_INVALID"),
        (json!({ "instance.title": ["a"] }), "instance.title", "ERR_INVALID"),
        (json!({ "instance.title": "a\u{0007}b" }), "instance.title", "ERR_INVALID"),
        (json!({ "instance.title": "a\nb" }), "instance.title", "ERR_INVALID"),
        (json!({ "instance.description": "x".repeat(20_000) }), "instance.description", "ERR_TOO_LONG"),
        (json!({ "signups.registration": "perhaps" }), "signups.registration", "ERR_INVALID"),
        (json!({ "signups.minimum_age": "old" }), "signups.minimum_age", "ERR_INVALID"),
        (json!({ "signups.minimum_age": -1 }), "signups.minimum_age", "ERR_INVALID"),
        (json!({ "signups.minimum_age": 1.5 }), "signups.minimum_age", "ERR_INVALID"),
        (json!({ "signups.minimum_age": 121 }), "signups.minimum_age", "ERR_INVALID"),
        (json!({ "signups.invitations": "friends" }), "signups.invitations", "ERR_INCLUSION"),
        (json!({ "signups.rules": "one" }), "signups.rules", "ERR_INVALID"),
        (json!({ "signups.rules": [{ "text": "one" }] }), "signups.rules", "ERR_INVALID"),
        (json!({ "signups.email_domains_blocked": ["no domain"] }), "signups.email_domains_blocked", "ERR_INVALID"),
        (json!({ "signups.tos_url": "javascript:alert(1)" }), "signups.tos_url", "ERR_INVALID"),
        (json!({ "smtp.enabled": true }), "smtp.server", "ERR_INVALID"),
        (json!({ "smtp.enabled": true, "smtp.server": "192.0.2.1", "smtp.tls": "false" }), "smtp.tls", "ERR_INVALID"),
        (json!({ "smtp.timeout": "an age" }), "smtp.timeout", "ERR_INVALID"),
        (
            json!({ "signups.email_domains_allowed": ["a.example"], "signups.email_domains_blocked": ["A.example"] }),
            "signups.email_domains_allowed",
            "ERR_INVALID",
        ),
    ] {
        let refused = patch(&story, &admin, &change).await.is(422).json();
        assert_eq!(refused["details"][field][0]["error"], code, "{change}: {refused}");
    }
    for unknown in ["http.bind_port", "database.url", "smtp.ca_file", "smtp.password_file", "signups", "", "x"] {
        let refused = patch(&story, &admin, &json!({ unknown: "1" })).await.is(422).json();
        assert_eq!(refused["error"], format!("Validation failed: {unknown} is no setting"));
    }
    let twice = r#"{"signups.minimum_age":16,"signups.minimum_age":null}"#;
    let raw = |body: &str| {
        story.call(reqwest::Method::PATCH, PATH).bearer(&admin).body("application/json", body.to_owned()).send()
    };
    raw(twice).await.is(422);
    raw("[1]").await.is(400);
    raw("{").await.is(400);
    assert_eq!(settings(&story, &admin).await, before, "nothing is half done");
});

story!(setting_that_is_a_secret_is_sealed_and_never_shown, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let change = json!({ "smtp.username": "robot", "smtp.password": "hunter2hunter2" });
    let after = patch(&story, &admin, &change).await.is(200);
    assert!(!after.body.contains("hunter2"));
    assert_eq!(after.json()["smtp.password"], json!({ "set": true, "source": "database", "locked": false }));
    let cells = dump(&story).await;
    let has = |text: &str| cells.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(text));
    assert!(has("smtp.password") && !has("hunter2"));
    let told = story.get("/api/v1/admin/auth/settings").bearer(&admin).send().await.is(200);
    assert!(!told.body.contains("hunter2"));
    assert!(story.server().state().in_force().smtp.server.is_none(), "mail is not switched on by a password alone");
});

story!(settings_changed_are_recorded_without_their_values, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    patch(&story, &admin, &json!({ "instance.title": "Fernhill", "smtp.password": "hunter2hunter2" })).await.is(200);
    let cells: Vec<_> =
        dump(&story).await.into_iter().filter(|(column, _)| column.starts_with("auth_event.")).collect();
    let having = |text: &str| cells.iter().filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(text)).count();
    assert_eq!((having("setting_changed"), having("instance.title"), having("smtp.password")), (2, 1, 1));
    assert_eq!((having("Fernhill"), having("hunter2")), (0, 0));
});

story!(settings_changed_by_two_admins_at_once_never_contradict_each_other, OPEN, |story| {
    let (_, ada) = staff(&story, "ada", Role::Admin).await;
    let (_, bob) = staff(&story, "bob", Role::Admin).await;
    for round in 0..5 {
        let domain = format!("d{round}.example");
        let clear = json!({ "signups.email_domains_allowed": null, "signups.email_domains_blocked": null });
        patch(&story, &ada, &clear).await.is(200);
        let changes = [
            (&ada, json!({ "signups.email_domains_allowed": [domain] })),
            (&bob, json!({ "signups.email_domains_blocked": [domain] })),
        ];
        let answers = join_all(changes.iter().map(|(token, change)| patch(&story, token, change))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
});

/// The hidden field of a form on a page.
fn hidden(page: &Response, name: &str) -> String {
    let before = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&before).unwrap_or_else(|| panic!("{name} in {}", page.body));
    rest.split('"').next().expect("a value").to_owned()
}

async fn save(story: &Story, jar: &mut CookieJar, section: &str, fields: &[(&str, &str)]) -> Response {
    let seen = hidden(&look(story, jar, PAGE).await.is(200), "seen");
    fill(story, jar, PAGE, &[&[("section", section), ("seen", &*seen)], fields].concat()).await
}

story!(settings_page_saves_one_part_and_asks_for_the_password, OPEN, |story| {
    let (ada, _) = staff(&story, "ada", Role::Admin).await;
    let mut jar = browser(&story, &ada).await;
    let page = look(&story, &jar, PAGE).await.is(200);
    assert!(page.body.contains("Name of this server") && page.body.contains("My instance"), "{}", page.body);
    let fields = [("instance.title", "Fernhill"), ("instance.description", "Ferns,\r\nand more"), ("smtp.port", "25")];
    let saved = save(&story, &mut jar, "This server", &fields).await.is(302);
    let page = look(&story, &jar, saved.location().as_str()).await.is(200);
    assert!(page.body.contains("Saved. This is in force now.") && page.body.contains("Fernhill"), "{}", page.body);
    assert_eq!(title(&story).await, "Fernhill");
    let in_force = story.server().state().in_force();
    assert_eq!(in_force.instance.description, "Ferns,\nand more");
    assert_eq!(in_force.live().iter().find(|setting| setting.name == "smtp.port").expect("it").value, 465);
    // Another part: what is ticked is on, what is not is off, and what was not changed is not stored.
    let fields = [("signups.approval", "true"), ("signups.invitations", "admins"), ("signups.rules", " one \n\n two ")];
    save(&story, &mut jar, "Joining", &fields).await.is(302);
    let in_force = story.server().state().in_force();
    assert!(!in_force.signups.registration && in_force.signups.approval);
    assert_eq!(in_force.signups.rules, ["one", "two"]);
    let source = |name: &str| in_force.live().iter().find(|setting| setting.name == name).expect("it").source.name();
    assert_eq!((source("signups.invitations"), source("signups.approval")), ("default", "database"));
    // Back to what the configuration says.
    let clear = [("clear", "signups.approval"), ("clear", "signups.rules"), ("signups.registration", "true")];
    save(&story, &mut jar, "Joining", &clear).await.is(302);
    assert!(story.server().state().in_force().signups.rules.is_empty());
    // Later, the password is asked for.
    story.advance_clock(Duration::from_secs(301));
    let page = look(&story, &jar, PAGE).await.is(200);
    assert!(page.body.contains("current_password"));
    let refused = save(&story, &mut jar, "This server", &[("instance.title", "Later")]).await.is(422);
    assert!(refused.body.contains("Please confirm that it is you") && refused.body.contains("Later"));
    let fields = [("instance.title", "Later"), ("current_password", &*ada.password)];
    save(&story, &mut jar, "This server", &fields).await.is(302);
    assert_eq!(title(&story).await, "Later");
});

story!(settings_page_shows_what_is_wrong_beside_its_field_and_keeps_the_rest, OPEN, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let (mona, _) = staff(&story, "mona", Role::Moderator).await;
    let mut jar = browser(&story, &ada).await;
    let fields =
        [("smtp.enabled", "true"), ("smtp.username", "robot"), ("smtp.port", "many"), ("smtp.password", "s3cret")];
    let refused = save(&story, &mut jar, "Mail", &fields).await.is(422);
    assert!(refused.body.contains("aria-invalid") && refused.body.contains("robot"), "{}", refused.body);
    assert!(refused.body.contains("Give a whole number") && !refused.body.contains("s3cret"), "{}", refused.body);
    // Somebody else changed something meanwhile: nothing of theirs is written over unseen.
    let seen = hidden(&look(&story, &jar, PAGE).await.is(200), "seen");
    patch(&story, &admin, &json!({ "instance.description": "Theirs" })).await.is(200);
    let mine = [("section", "This server"), ("seen", &*seen), ("instance.title", "Mine"), ("instance.description", "")];
    let refused = fill(&story, &mut jar, PAGE, &mine).await.is(422);
    assert!(refused.body.contains("Somebody changed the settings meanwhile."), "{}", refused.body);
    assert_eq!(settings(&story, &admin).await["instance.description"]["value"], "Theirs");
    // Nobody but admins.
    let mut theirs = browser(&story, &mona).await;
    look(&story, &theirs, PAGE).await.is(403);
    assert!(!look(&story, &theirs, "/admin").await.body.contains(PAGE));
    assert!(look(&story, &jar, "/admin").await.body.contains(PAGE));
    let token = crate::people::form_token(&story, &mut theirs, "/account/email").await;
    let fields = [("form_token", &*token), ("section", "This server"), ("instance.title", "Taken")];
    story.post(PAGE).cookies(&theirs).form(&fields).send().await.is(403);
    let foreign = story.post(PAGE).cookies(&jar).header("origin", "https://evil.example").form(&fields);
    foreign.send().await.is(403);
    assert_eq!(title(&story).await, "My instance");
});

story!(sign_ups_follow_the_settings_at_once, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    patch(&story, &admin, &json!({ "signups.email_domains_blocked": ["spam.example"] })).await.is(200);
    let blocked =
        json!({ "username": "bob", "email": "bob@spam.example", "password": "a good long one", "agreement": true });
    let refused = story.post("/api/v1/auth/signup").json(&blocked).send().await.is(422).json();
    assert_eq!(refused["details"]["email"][0]["error"], "ERR_BLOCKED");
    patch(&story, &admin, &json!({ "signups.email_domains_blocked": [], "signups.approval": true })).await.is(200);
    let pending = sign_up(&story, "bob", "bob@spam.example").await;
    assert_eq!(pending["state"], "unconfirmed");
    let _: &Person = &story.person("eve").await;
});
