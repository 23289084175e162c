//! The owner of an account is told by mail of each link that is made or removed (security ID-7 for links, ID-14, RP-9).

use reqwest::Method;
use tests::misbehaving_provider::{Defect, Provider, ProviderUser, entries};
use tests::story;
use tests::story::{CookieJar, Story};

use super::linked;

/// The mails whose subject has this word, to somebody called `name`.
async fn mails(story: &Story, name: &str, word: &str) -> Vec<String> {
    let to = format!("\r\nTo: {name}@people.example\r\n");
    let is_wanted = |mail: &String| {
        let subject = mail.lines().find(|line| line.starts_with("Subject: ")).expect("a subject");
        mail.contains(&to) && subject.contains(word)
    };
    story.mail().await.into_iter().filter(is_wanted).collect()
}

const LINKED: &str = "was added";
const UNLINKED: &str = "was removed";

story!(mail_is_sent_once_for_each_link_and_unlink, &[("sessions.new_sign_in_mail", "false")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = linked(&story, &provider, "ada").await;
    let told = mails(&story, "ada", LINKED).await;
    assert_eq!((told.len(), story.mail().await.len()), (1, 1), "{told:?}");
    let base = story.base();
    for words in [
        "The id",
        "Hello ada,",
        "If that was you, there is nothing to do.",
        "If it was not",
        &format!("{base}/account"),
        &format!("{base}/oauth/authorized_applications"),
    ] {
        assert!(told[0].contains(words), "{words}: {}", told[0]);
    }
    // Signing in with it is nothing new, and what did not happen is not told.
    story.sign_in_at(&mut ada.jar.clone(), &ada.app, &provider, &ada.guest).await.signed_in();
    let answer = story.link_at(&mut CookieJar::default(), &ada.token, &provider, &ada.guest).await.is(302);
    assert!(answer.header("location").contains("already"));
    provider.misbehave(Defect::WrongNonce);
    story.link_at(&mut CookieJar::default(), &ada.token, &provider, &ProviderUser::named("other")).await.is(302);
    provider.misbehave(None);
    assert_eq!(story.mail().await.len(), 1);

    story.call(Method::DELETE, "/api/v1/sso/id").bearer(&ada.token).send().await.is(204);
    story.call(Method::DELETE, "/api/v1/sso/id").bearer(&ada.token).send().await.is(404);
    let told = mails(&story, "ada", UNLINKED).await;
    assert_eq!((told.len(), story.mail().await.len()), (1, 2), "{told:?}");
    assert!(told[0].contains("The id") && told[0].contains(&format!("{base}/oauth/authorized_applications")));
    for mail in story.mail().await {
        for secret in
            [ada.token.as_str(), &ada.app.client_secret, &ada.guest.subject, &ada.guest.email, "code-", "state="]
        {
            assert!(!mail.contains(secret), "{secret} is in {mail}");
        }
    }
});

story!(mail_is_sent_for_link_confirmed_in_another_browser, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let answer = story.post("/api/v1/sso").bearer(&token).form(&[("issuer", "id")]).send().await.is(200);
    let location = url::Url::parse(answer.json()["link"].as_str().expect("a link")).expect("a URL");
    let mut jar = CookieJar::default();
    let back = provider.authorize(&location, &ProviderUser::named("ada"), story.now());
    let page = story.follow_callback(&mut jar, &back).await.is(302).location();
    assert_eq!(story.mail().await, [""; 0], "nothing is linked yet");
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&shown);
    let (_, rest) = shown.body.split_once("name=\"form_token\" value=\"").expect("a form");
    let form_token = rest.split('"').next().expect("a value");
    let flow_id = tests::story::query_of(&page, "flow_id").expect("a flow");
    let form = [("flow_id", flow_id.as_str()), ("form_token", form_token), ("password", &ada.password)];
    story.post(page.path()).cookies(&jar).form(&form).send().await.is_linked();
    assert_eq!(mails(&story, "ada", LINKED).await.len(), 1);
});

story!(mail_is_not_sent_for_account_registered_by_provider, &[("oidc.allow_registration", "true")], |story| {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let setting = entries(&[one.entry("id", ""), other.entry("other", "")]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    let (app, mut jar) = (story.usual_app().await, CookieJar::default());
    let pending = story.sign_in_at(&mut jar, &app, &one, &ProviderUser::named("grace")).await.signed_in();
    let mails = story.mail().await;
    assert!(mails.len() == 1 && mails[0].contains("is ready"), "{mails:?}");
    // A second identity is news, at the address that the first provider vouched for.
    let code = story.consent(&pending, &app).await;
    let body = story.redeem(&app, &code).await.is(200).json();
    let token = body["access_token"].as_str().expect("a token");
    let location = story.start_link(&mut jar, token, "other").await;
    story
        .follow_callback(&mut jar, &other.authorize(&location, &ProviderUser::named("g"), story.now()))
        .await
        .is_linked();
    let mail = story.mail().await;
    let linked = mail.iter().filter(|mail| mail.contains("To: grace@id.example") && mail.contains("The other"));
    assert!(mail.len() == 2 && linked.count() == 1, "{mail:?}");
    // The last way in stays, so nobody is told that it went.
    story.call(Method::DELETE, "/api/v1/sso/id").bearer(token).send().await.is(204);
    story.call(Method::DELETE, "/api/v1/sso/other").bearer(token).send().await.is(409);
    assert_eq!(story.mail().await.len(), 3);
});

story!(mail_delivery_failure_does_not_prevent_link_or_unlink, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    std::fs::write(story.mail_folder(), "where the folder should be").expect("a file");
    let ada = linked(&story, &provider, "ada").await;
    assert_eq!(story.linked_providers(&ada.token).await, ["id"]);
    story.sign_in_at(&mut ada.jar.clone(), &ada.app, &provider, &ada.guest).await.signed_in();
    story.call(Method::DELETE, "/api/v1/sso/id").bearer(&ada.token).send().await.is(204);
    assert_eq!(story.linked_providers(&ada.token).await, [""; 0]);
});

story!(mail_headers_cannot_be_injected_by_provider_name, |story| {
    let provider = Provider::start().await;
    let entry = provider.entry("id", "").replace("The id", "Evil\\r\\nBcc: x@y.example\\r\\n\\r\\nPay here");
    let story = story.restart(&[("oidc.providers", &entries(&[entry]))]).await;
    let ada = linked(&story, &provider, "ada").await;
    story.call(Method::DELETE, "/api/v1/sso/id").bearer(&ada.token).send().await.is(204);
    let mails = story.mail().await;
    assert_eq!(mails.len(), 2);
    for mail in mails {
        let (head, body) = mail.split_once("\r\n\r\n").expect("head and body");
        let headers = head.lines().filter(|line| !line.starts_with(' ')).count();
        assert!(headers == 8 && !head.contains("Bcc") && head.is_ascii(), "{head}");
        assert!(!body.lines().any(|line| line.starts_with("Bcc") || line.starts_with("Pay")), "{body}");
    }
});
