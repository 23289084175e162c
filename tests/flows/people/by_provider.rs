//! Somebody whom a provider vouches for chooses a name (people PPL-40 to PPL-42, faults B5).

use lysand_auth::host::accounts::Accounts as _;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Story};

use super::{after, mails_to};

const ALLOWED: &[(&str, &str)] = &[("oidc.allow_registration", "true")];

async fn exists(story: &Story, name: &str) -> bool {
    story.server().state().accounts.by_identifier(name).await.expect("an answer").is_some()
}

story!(provider_sign_up_makes_nothing_before_the_name_is_chosen_and_only_in_its_browser, ALLOWED, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (app, mut jar) = (story.usual_app().await, CookieJar::default());
    let grace = ProviderUser::named("grace");
    let back = story.come_back(&mut jar, &app, &provider, &grace).await.is(302);
    assert!(back.cookie("jwt").is_none());
    let path = back.location();
    assert_eq!(path.path(), "/register/finish");
    assert!(!exists(&story, "grace").await);
    // Another browser, which has the address alone, sees nothing.
    let elsewhere = story.get(path.as_str()).header("accept", "text/html").send().await;
    assert!(elsewhere.status.is_client_error() && !elsewhere.body.contains("grace"), "{}", elsewhere.body);
    let page = story.get(path.as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&page);
    assert!(page.body.contains("value=\"grace\"") && page.body.contains("grace@id.example"));
    assert!(!page.body.contains("name=\"password\""));
    let (token, flow) = (
        after(&page.body, "name=\"form_token\" value=\"").to_owned(),
        after(&page.body, "name=\"flow_id\" value=\"").to_owned(),
    );
    let form = |name: &'static str| [("form_token", &*token), ("flow_id", &*flow), ("username", name)];
    let taken = story.person("ada").await;
    let refused = story.post("/register/finish").cookies(&jar).form(&form("ada")).send().await.is(422);
    assert!(refused.body.contains("has already been taken"));
    assert!(story.linked_providers(&story.token(&taken, &app).await).await.is_empty());
    story.post("/register/finish").form(&form("grace")).send().await.is(422);
    // Twice at once: one account.
    let (one, two) = tokio::join!(
        story.post("/register/finish").cookies(&jar).form(&form("hopper")).send(),
        story.post("/register/finish").cookies(&jar).form(&form("amazing")).send(),
    );
    let signed_in = [&one, &two].into_iter().filter(|answer| answer.cookie("jwt").is_some()).count();
    assert_eq!(signed_in, 1, "{} {}", one.status, two.status);
    assert!(exists(&story, "hopper").await != exists(&story, "amazing").await);
    // From now on the identity signs in at once.
    story.come_back(&mut CookieJar::default(), &app, &provider, &grace).await.signed_in();
});

story!(provider_sign_up_with_unverified_address_confirms_it_by_mail, ALLOWED, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (app, mut jar) = (story.usual_app().await, CookieJar::default());
    let linus = ProviderUser { email_verified: false, ..ProviderUser::named("linus") };
    let back = story.come_back(&mut jar, &app, &provider, &linus).await.is(302);
    let page = story.get(back.location().as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&page);
    let fields = [
        ("form_token", after(&page.body, "name=\"form_token\" value=\"")),
        ("flow_id", after(&page.body, "name=\"flow_id\" value=\"")),
        ("username", "linus"),
        ("email", "linus@id.example"),
    ];
    let answer = story.post("/register/finish").cookies(&jar).form(&fields).send().await.is(302);
    assert_eq!(answer.location().path(), "/register/waiting");
    assert!(answer.cookie("jwt").is_none() && answer.cookie("waiting").is_some());
    mails_to(&story, "linus@id.example", 1).await;
});

story!(
    provider_sign_up_obeys_mode_and_provider,
    &[("signups.approval", "true"), ("oidc.allow_registration", "true")],
    |story| {
        let (story, provider) = story.with_provider(&[]).await;
        let (app, mut jar) = (story.usual_app().await, CookieJar::default());
        let grace = ProviderUser::named("grace");
        let waits = story.sign_in_at(&mut jar, &app, &provider, &grace).await.is(302);
        assert_eq!(waits.location().path(), "/register/waiting");
        // A closed server, and a provider that is not to make accounts, answer as one that makes none.
        let story = story.restart(&[("oidc.allow_registration", "false")]).await;
        let linus = story.come_back(&mut CookieJar::default(), &app, &provider, &ProviderUser::named("linus")).await;
        linus.is_login_error("invalid_request", "No user found with that account");
    }
);
