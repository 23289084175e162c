//! A provider that misbehaves in every way: nobody is signed in, nothing is linked, the person is told where the contract says.

use tests::misbehaving_provider::{Defect, IN_THE_TOKEN, OF_THE_USER_ENDPOINT, Provider, ProviderUser};
use tests::story;
use tests::story::{CookieJar, Story};

use super::{Linked, linked};

const UNTRUE: &str = "The identity provider gave an answer that cannot be trusted. Please try again.";
const AWAY: &str = "The identity provider does not answer. Please try again later.";

/// Signs in at a provider with a defect.
async fn refused_sign_in(story: &Story, provider: &Provider, ada: &mut Linked, defect: Defect, text: &str) {
    provider.misbehave(defect);
    let answer = story.sign_in_at(&mut ada.jar, &ada.app, provider, &ada.guest).await;
    eprintln!("{defect:?} at sign-in");
    answer.is_login_error("server_error", text);
    assert!(ada.jar.get("jwt").is_none(), "{defect:?} leaves no session");
    assert!(!provider.requests().contains(&"elsewhere"), "{defect:?}: a redirect was followed");
}

/// Links at a provider with a defect, for somebody who has nothing linked.
async fn refused_link(
    story: &Story,
    provider: &Provider,
    token: &str,
    guest: &ProviderUser,
    defect: Defect,
    text: &str,
) {
    provider.misbehave(defect);
    eprintln!("{defect:?} at link");
    let answer = story.link_at(&mut CookieJar::default(), token, provider, guest).await;
    answer.is_link_error("Account linking error", text);
    assert_eq!(story.linked_providers(token).await, [""; 0], "{defect:?}");
}

story!(misbehaving_provider_cannot_sign_in_link_or_register_anybody, &[("oidc.allow_registration", "true")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let (eve, guest) = (story.person("eve").await, ProviderUser::named("eve"));
    let token = story.token(&eve, &ada.app).await;
    let accounts = || async { story.get("/api/v1/instance").send().await.json()["stats"]["user_count"].clone() };
    let before = accounts().await;
    for defect in IN_THE_TOKEN {
        refused_sign_in(&story, &provider, &mut ada, defect, UNTRUE).await;
        refused_link(&story, &provider, &token, &guest, defect, UNTRUE).await;
        // Nor does an unknown user get an account this way.
        let answer =
            story.sign_in_at(&mut CookieJar::default(), &ada.app, &provider, &ProviderUser::named("mallory")).await;
        answer.is_login_error("server_error", UNTRUE);
    }
    refused_sign_in(&story, &provider, &mut ada, Defect::TokenEndless, UNTRUE).await;
    refused_link(&story, &provider, &token, &guest, Defect::TokenEndless, UNTRUE).await;
    for defect in [Defect::CallbackOfAnother, Defect::CallbackOfNobody, Defect::CallbackEmpty] {
        refused_sign_in(&story, &provider, &mut ada, defect, UNTRUE).await;
        refused_link(&story, &provider, &token, &guest, defect, UNTRUE).await;
        assert!(!provider.requests().contains(&"token"), "{defect:?}: a code was sent to somebody");
    }
    provider.misbehave(None);
    assert_eq!(accounts().await, before, "no account was made");
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
    story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
});

story!(misbehaving_user_endpoint_is_not_used_and_ends_no_sign_in_or_link, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let (eve, guest) = (story.person("eve").await, ProviderUser::named("eve"));
    let token = story.token(&eve, &ada.app).await;
    for defect in OF_THE_USER_ENDPOINT {
        eprintln!("{defect:?}");
        provider.misbehave(defect);
        story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
        story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
        story.unlink(&token).await;
        assert!(!provider.requests().contains(&"elsewhere"), "{defect:?}: a redirect was followed");
    }
});

story!(slow_provider_times_out_sign_in_and_link, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let began = std::time::Instant::now();
    refused_sign_in(&story, &provider, &mut ada, Defect::TokenSlow, AWAY).await;
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    let (eve, guest) = (story.person("eve").await, ProviderUser::named("eve"));
    let token = story.token(&eve, &ada.app).await;
    let began = std::time::Instant::now();
    refused_link(&story, &provider, &token, &guest, Defect::TokenSlow, AWAY).await;
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    provider.misbehave(None);
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
    story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
});

story!(provider_error_is_reported_but_its_text_not_shown, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let with_error = |back: &url::Url, error: &str, text: &str| {
        let keep = |(name, _): &(String, String)| name == "state" || name == "iss";
        let kept: Vec<_> = back.query_pairs().into_owned().filter(keep).collect();
        let mut back = back.clone();
        back.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .append_pair("error", error)
            .append_pair("error_description", text);
        back
    };
    provider.requests();
    for (error, text, name, told) in [
        ("access_denied", "The person said no", "access_denied", "The person said no".to_owned()),
        ("login_required", "", "login_required", "The identity provider refused.".to_owned()),
        ("<script>", "<script>alert(1)</script>\u{7}", "server_error", "<script>alert(1)</script>".to_owned()),
        ("server_error", &"é".repeat(500), "server_error", "é".repeat(200)),
    ] {
        let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
        let back = with_error(&provider.authorize(&location, &ada.guest, story.now()), error, text);
        let answer = story.follow_callback(&mut ada.jar, &back).await.is_login_error(name, &told);
        let page = story.get(answer.header("location")).send().await.is(200);
        assert!(!page.body.contains("alert(1)"), "a provider's words are not ours");
        let location = story.start_link(&mut ada.jar, &ada.token, "id").await;
        let back = with_error(&provider.authorize(&location, &ada.guest, story.now()), error, text);
        let answer = story.follow_callback(&mut ada.jar, &back).await;
        let answer = answer.is_link_error("Account linking error", &told);
        let page = story.get(answer.header("location")).send().await.is(200);
        assert!(!page.body.contains("alert(1)"), "a provider's words are not ours");
    }
    assert_eq!(provider.requests(), [""; 0], "nobody was asked anything");
});
