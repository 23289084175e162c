//! Many at once (security ONE-2, RP-6).

use futures_util::future::join_all;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::CookieJar;

story!(concurrent_first_provider_sign_ins_create_one_account, &[("oidc.allow_registration", "true")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (app, guest) = (story.usual_app().await, ProviderUser::named("grace"));
    let mut journeys = Vec::new();
    for _ in 0..20 {
        let mut jar = CookieJar::default();
        let back = story.come_back(&mut jar, &app, &provider, &guest).await.is(302);
        let page = story.get(back.location().as_str()).cookies(&jar).send().await.is(200);
        jar.keep(&page);
        let value = |name: &str| {
            let rest = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("a field");
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        journeys.push((jar, value("form_token"), value("flow_id")));
    }
    let count = || async { story.get("/api/v1/instance").send().await.json()["stats"]["user_count"].as_u64() };
    let before = count().await.expect("a number");
    // Each tab chooses a name of its own, so that the identity alone decides.
    let arrivals = journeys.iter().enumerate().map(|(number, (jar, token, flow))| {
        let name = format!("grace{number}");
        let form = [("form_token", token.as_str()), ("flow_id", flow.as_str()), ("username", name.as_str())];
        story.post("/register/finish").cookies(jar).form(&form).send()
    });
    let answers = join_all(arrivals).await;
    assert_eq!(answers.iter().filter(|answer| answer.cookie("jwt").is_some()).count(), 1);
    // 422: by then the address belongs to the account that was made.
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 302 | 409 | 422)), "{answers:?}");
    assert_eq!(count().await, Some(before + 1));
    story.come_back(&mut CookieJar::default(), &app, &provider, &guest).await.signed_in();
});

story!(concurrent_links_of_one_identity_succeed_once, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    for round in 0..5 {
        let guest = ProviderUser::named(&format!("guest{round}"));
        let mut journeys = Vec::new();
        for name in ["ada", "eve", "bob", "joe"] {
            let person = story.person(&format!("{name}{round}")).await;
            let token = story.token(&person, &app).await;
            let mut jar = CookieJar::default();
            let location = story.start_link(&mut jar, &token, "id").await;
            journeys.push((jar, provider.authorize(&location, &guest, story.now()), token));
        }
        let arrivals = journeys.iter().map(|(jar, back, _)| story.get(back.as_str()).cookies(jar).send());
        let answers = join_all(arrivals).await;
        let made = answers.iter().filter(|answer| answer.header("location").ends_with("oidc_account_linked=true"));
        assert_eq!(made.count(), 1);
        let mut owners = 0;
        for (_, _, token) in &journeys {
            owners += story.linked_providers(token).await.len();
        }
        assert_eq!(owners, 1);
    }
});
