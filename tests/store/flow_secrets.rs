//! What the database tells of a flow under way (faults C12).

use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, query_of};

use crate::database::facts;

story!(sso_flow_in_database_holds_neither_verifier_nor_nonce, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (person, app, guest) = (story.person("ada").await, story.usual_app().await, ProviderUser::named("ada"));
    let token = story.token(&person, &app).await;
    let (mut jar, mut other_jar) = (CookieJar::default(), CookieJar::default());
    let link = story.start_link(&mut jar, &token, "id").await;
    let sign_in = story.redirect_to_provider(&mut other_jar, &app, "id").await;
    let columns = "verifier || '.' || nonce || '.' || callback || '.' || coalesce(ask, '')";
    let sql = format!("SELECT {columns} AS fact FROM auth_sso_flow");
    let stored = facts(story.server().state().auth.store(), &sql).await;
    assert_eq!(stored.len(), 2, "{stored:?}");
    for row in &stored {
        assert!(row.starts_with("..http"), "{row}");
    }
    for location in [&link, &sign_in] {
        let nonce = query_of(location, "nonce").expect("a nonce");
        assert!(nonce.len() == 43 && !stored.iter().any(|row| row.contains(&nonce)));
    }
    story.follow_callback(&mut jar, &provider.authorize(&link, &guest, story.now())).await.is_linked();
    story.follow_callback(&mut other_jar, &provider.authorize(&sign_in, &guest, story.now())).await.signed_in();
});

story!(sso_flow_that_an_older_version_began_is_finished, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (person, app, guest) = (story.person("ada").await, story.usual_app().await, ProviderUser::named("ada"));
    let token = story.token(&person, &app).await;
    let mut jar = CookieJar::default();
    let link = story.start_link(&mut jar, &token, "id").await;
    // It kept both, and sent the browser away with what belongs to them.
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let kept = "verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', nonce = 'n-0S6_WzA2Mj'";
    let sql = format!("UPDATE auth_sso_flow SET {kept} RETURNING id AS fact");
    assert_eq!(facts(story.server().state().auth.store(), &sql).await.len(), 1);
    let mut location = link.clone();
    let pairs: Vec<(String, String)> = link.query_pairs().into_owned().collect();
    location.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(|(name, value)| match name.as_str() {
        "nonce" => (name, "n-0S6_WzA2Mj".to_owned()),
        "code_challenge" => (name, challenge.to_owned()),
        _ => (name, value),
    }));
    story.follow_callback(&mut jar, &provider.authorize(&location, &guest, story.now())).await.is_linked();
});
