//! What is recorded of second factors (FAC-155).

use lysand_auth::flows::events::{self, EventQuery};
use tests::story;

use super::{act, begin, enrol, own_id};

story!(changes_and_uses_of_second_factors_are_recorded, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    act(&story, &mut own.jar, "email", &[("on", "1")]).await.is(302);
    act(&story, &mut own.jar, "email", &[("on", "0")]).await.is(302);
    let id = own_id(&story, &own.jar).await;
    act(&story, &mut own.jar, &format!("{id}/rename"), &[("name", "Phone")]).await.is(302);
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    waiting.answer(&story, "totp", "000000").await.is(302);
    waiting.answer(&story, "totp", &own.fresh_code(&story)).await.signed_in();
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    waiting.answer(&story, "recovery", &own.codes[0]).await.signed_in();
    act(&story, &mut waiting.jar, "recovery", &[]).await.is(200);
    act(&story, &mut waiting.jar, "two_step", &[("on", "0")]).await.is(302);
    act(&story, &mut waiting.jar, &format!("{id}/remove"), &[]).await.is(302);
    let found = events::find(&story.server().state().auth, EventQuery::new(100)).await.expect("events");
    let account = story.account(&ada).await;
    for (name, detail) in [
        ("factor_added", Some(("type", "totp"))),
        ("two_step_on", None),
        ("recovery_made", None),
        ("email_factor_on", None),
        ("email_factor_off", None),
        ("factor_renamed", None),
        ("factor_failed", Some(("method", "totp"))),
        ("factor_passed", Some(("method", "totp"))),
        ("factor_passed", Some(("method", "recovery"))),
        ("recovery_used", None),
        ("two_step_off", None),
        ("factor_removed", Some(("type", "totp"))),
    ] {
        let is_it = |event: &events::Event| {
            let told = serde_json::to_value(events::event_as_json(event)).expect("JSON");
            let is_its = detail.is_none_or(|(key, value)| told["detail"][key] == value);
            event.event == name && is_its && event.target.as_deref() == Some(account.id.as_str())
        };
        assert!(found.iter().any(is_it), "{name} {detail:?}: {found:?}");
    }
    let text = format!("{found:?}");
    assert!(!text.contains(&own.codes[0]), "no secret is recorded");
});
