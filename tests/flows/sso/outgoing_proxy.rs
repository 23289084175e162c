//! Providers that are asked through a proxy (faults C11).

use tests::connect_proxy::ConnectProxy;
use tests::folder::temporary;
use tests::misbehaving_provider::{Provider, ProviderUser, entries};
use tests::story;
use tests::story::{CookieJar, Story};
use tests::tls::PrivateCa;

/// A provider that only the proxy finds, and one beside us.
async fn behind_proxy(story: Story) -> (Story, Provider, Provider, ConnectProxy) {
    let folder = temporary("company");
    let ca = PrivateCa::in_folder(folder.path());
    let (far, near) = (Provider::start_as("https://id.example", &ca).await, Provider::start().await);
    let proxy = ConnectProxy::to(far.addr()).await;
    let literal = far.entry("literal", "").replace("https://id.example", "https://10.0.0.1");
    let providers = entries(&[far.entry("id", ""), near.entry("near", ""), literal]);
    let roots = format!("[{:?}]", ca.authority.display().to_string());
    let address = format!("http://squid:s3cret@{}", proxy.addr());
    let settings =
        [("oidc.providers", &*providers), ("oidc.trusted_roots", &*roots), ("http.outgoing_proxy", &*address)];
    (story.restart(&settings).await, far, near, proxy)
}

story!(provider_behind_outgoing_proxy_signs_in_and_links, |story| {
    let (story, far, _near, proxy) = behind_proxy(story).await;
    let (person, app, guest) = (story.person("ada").await, story.usual_app().await, ProviderUser::named("ada"));
    let token = story.token(&person, &app).await;
    story.link_at(&mut CookieJar::default(), &token, &far, &guest).await.is_linked();
    story.sign_in_at(&mut CookieJar::default(), &app, &far, &guest).await.signed_in();
    let requests = proxy.requests();
    assert_eq!(requests.len(), 6, "document, keys, and twice token and user info: {requests:?}");
    for head in requests {
        assert!(head.starts_with("CONNECT id.example:443 "), "the proxy finds the address: {head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic c3f1awq6cznjcmv0"), "{head}");
        assert!(!head.contains("code"), "{head}");
    }
});

story!(private_provider_is_asked_without_outgoing_proxy, |story| {
    let (story, _far, near, proxy) = behind_proxy(story).await;
    let app = story.usual_app().await;
    story.redirect_to_provider(&mut CookieJar::default(), &app, "near").await;
    assert_eq!(near.requests(), ["document", "keys"]);
    assert!(proxy.requests().is_empty());
    // A private address is asked by nobody, unless the provider may be private.
    let start = story.get(&format!("/oauth/sso?{}&issuer=literal", app.authorize_query())).send().await;
    let text = "The identity provider cannot be reached. Please try again later.";
    start.is_login_error("temporarily_unavailable", text);
    assert!(proxy.requests().is_empty());
    // A proxy that is away makes the provider unreachable, for sign-in and for link.
    let (person, addr) = (story.person("ada").await, proxy.addr());
    let token = story.token(&person, &app).await;
    drop(proxy);
    let gone = async || std::net::TcpStream::connect(addr).is_err().then_some(());
    tests::wait::until("the proxy to go", gone).await;
    let start = story.get(&format!("/oauth/sso?{}&issuer=id", app.authorize_query())).send().await;
    start.is_login_error("temporarily_unavailable", text);
    story.post("/api/v1/sso").bearer(&token).form(&[("issuer", "id")]).send().await.is_api_error(502, text);
});
