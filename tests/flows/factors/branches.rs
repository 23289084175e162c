//! The app's request on its way through a second step, whatever it looks like and whatever happens meanwhile (FAC-27 to FAC-29).

use tests::story;
use tests::story::{App, CALLBACK, Response, Story, query_of};

use super::{begin, begin_in, enrol, is_over};
use crate::first_party::own_app;

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Signs in with a second step for this request, and answers with what the consent leads to.
async fn allowed(story: &Story, app: &App, query: &str, answer: Response) -> Response {
    let signed_in = answer.signed_in();
    let asked: url::Url = format!("https://a.example/?{query}").parse().expect("a URL");
    let kept = query_of(&signed_in.consent, "state");
    assert_eq!(kept, query_of(&asked, "state"), "{}", signed_in.consent);
    story.decide(&signed_in, app).await
}

story!(apps_request_of_every_shape_survives_a_second_step, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let usual = story.usual_app().await;
    let custom = story.app("app.example.reader:/back", "read").await;
    let copied = story.app(OOB, "read").await;
    for (app, more, marks) in [
        (&usual, vec![("response_mode", "fragment"), ("state", "a b")], "#code="),
        (&usual, vec![("response_mode", "form_post"), ("state", "<x>")], "name=\"code\""),
        (&custom, vec![("state", "s")], "app.example.reader:/back?code="),
        (&copied, vec![], "/oauth/"),
    ] {
        let query = app.authorize_query_with(&more);
        let mut waiting = begin(&story, &ada, &query).await;
        let answer = waiting.answer(&story, "totp", &own.fresh_code(&story)).await;
        let led = allowed(&story, app, &query, answer).await;
        let told = format!("{} {}", led.header("location"), led.body);
        assert!(told.contains(marks), "{marks}: {told}");
    }
    // Nobody is asked about the server's own app: the second proof leads straight to it.
    let house = own_app(&story, CALLBACK).await;
    let mut waiting = begin(&story, &ada, &house.authorize_query_with(&[("state", "kept")])).await;
    let led = waiting.answer(&story, "totp", &own.fresh_code(&story)).await.is(302).location();
    assert!(led.as_str().starts_with(CALLBACK) && query_of(&led, "state").as_deref() == Some("kept"), "{led}");
});

story!(two_tabs_with_two_apps_finish_each_its_own_request, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let (first, second) = (story.usual_app().await, story.app("https://other.example/cb", "read").await);
    let one = first.authorize_query_with(&[("state", "one")]);
    let two = second.authorize_query_with(&[("state", "two")]);
    let mut tab = begin(&story, &ada, &one).await;
    let mut other = begin_in(&story, &ada, &two, tab.jar.clone()).await;
    tab.jar = other.jar.clone();
    // In another language the page is about the same sign-in.
    let page = format!("/oauth/factor?pending={}&lang=de", tab.id);
    let german = story.get(&page).header("accept", "text/html").cookies(&tab.jar).send().await.is(200);
    assert!(german.body.contains("lang=\"de\"") && german.hidden("pending") == tab.id, "{}", german.body);
    let answer = other.answer(&story, "totp", &own.fresh_code(&story)).await;
    let led = allowed(&story, &second, &two, answer).await.is(302).location();
    assert!(led.as_str().starts_with("https://other.example/cb"), "{led}");
    let answer = tab.answer(&story, "totp", &own.fresh_code(&story)).await;
    let led = allowed(&story, &first, &one, answer).await.is(302).location();
    assert!(led.as_str().starts_with(CALLBACK), "{led}");
    // A page that was left open begins again with its own app.
    let late = begin(&story, &ada, &one).await;
    story.advance_clock(std::time::Duration::from_secs(601));
    let over = is_over(late.post(&story, "totp", "000000").await);
    assert!(over.body.contains(&first.client_id), "{}", over.body);
});

story!(server_that_starts_again_between_two_steps_goes_on, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let app = story.usual_app().await;
    let query = app.authorize_query_with(&[("state", "kept")]);
    let mut waiting = begin(&story, &ada, &query).await;
    let story = story.restart(&[]).await;
    let answer = waiting.answer(&story, "totp", &own.fresh_code(&story)).await;
    let led = allowed(&story, &app, &query, answer).await.is(302).location();
    assert_eq!(query_of(&led, "state").as_deref(), Some("kept"), "{led}");
});
