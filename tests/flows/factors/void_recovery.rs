//! All recovery codes are void at once: after a database was restored from a backup (FAC-70).

use lysand_auth::flows::events::{self, Actor, Caller};
use lysand_auth::flows::factors::void_recovery;
use tests::story;

use super::{act, begin, enrol, is_step_error};
use crate::people::mail_with;

story!(void_recovery_voids_the_codes_of_everybody_and_tells_them, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let none = story.person("grace").await;
    let (mut own, hers) = (enrol(&story, &ada).await, enrol(&story, &eve).await);
    // As the backup has it: one is used, and would not be after a restore.
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "recovery", &own.codes[0]).await.signed_in();
    let waiting = begin(&story, &eve, &app.authorize_query()).await;
    let auth = &story.server().state().auth;
    let voided = void_recovery::of_all(auth, Actor::Command, &Caller::default()).await.expect("voided");
    assert_eq!((voided.accounts, voided.told), (2, 2));
    // Whatever code it is, and also in a sign-in that waits.
    let not_offered = "That way is not offered for this sign-in.";
    for code in [&hers.codes[0], &hers.codes[9]] {
        is_step_error(waiting.post(&story, "recovery", code).await, "invalid_request", not_offered);
    }
    waiting.post(&story, "totp", &hers.fresh_code(&story)).await.signed_in();
    for (person, code) in [(&ada, &own.codes[1]), (&eve, &hers.codes[2])] {
        let waiting = begin(&story, person, &app.authorize_query()).await;
        is_step_error(waiting.post(&story, "recovery", code).await, "invalid_request", not_offered);
        mail_with(&story, &person.email, "Your recovery codes on").await;
    }
    story.sign_in(&none, &app).await;
    let found = events::find(auth, events::EventQuery::new(100)).await.expect("events");
    let told = found.iter().filter(|event| event.event == "factor_removed" && event.actor_kind == "command");
    assert_eq!(told.count(), 2);
    // Nobody is told twice, and new codes count.
    let again = void_recovery::of_all(auth, Actor::Command, &Caller::default()).await.expect("nothing");
    assert_eq!((again.accounts, again.told), (0, 0));
    let page = act(&story, &mut own.jar, "recovery", &[]).await.is(200);
    let code = crate::factors::between(&page.body, "<li><code>", "</code>");
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "recovery", &code).await.signed_in();
});
