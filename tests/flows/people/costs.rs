//! What the journeys of people cost, and that it is the same whoever they are (people PPL-195).

use lysand_auth::flows::authorize::AuthorizationRequest;
use lysand_auth::flows::events::Caller;
use lysand_auth::flows::login::{self, PasswordAttempt};
use lysand_auth::flows::sessions::Browser;
use lysand_auth::flows::sign_up::{self, Road, SignUp, SignUpForm};
use lysand_auth::flows::{reset, waiting};
use lysand_auth::secret::Secret;
use lysand_auth::testing::{Work, counted};
use tests::story;
use tests::story::Story;

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("ratelimit.enabled", "true")];

/// Signs somebody up, and answers with what it cost and what they wait with.
async fn sign_up(story: &Story, username: &str, email: &str) -> (Work, Secret) {
    let mut form = SignUpForm::new();
    form.username = username.to_owned();
    form.email = email.to_owned();
    form.password = Some(Secret::new("a calm evening"));
    let (made, work) =
        counted(sign_up::sign_up(&story.server().state().auth, SignUp::new(form, Road::Api, Caller::default()))).await;
    (work, made.expect("an account").waiting_token)
}

story!(sign_up_costs_one_hash_and_two_transactions_whosever_address_it_is, OPEN, |story| {
    let ada = story.person("ada").await;
    let (free, waiting_token) = sign_up(&story, "grace", "grace@example.com").await;
    let (taken, _) = sign_up(&story, "hedy", &ada.email).await;
    let (waited_for, _) = sign_up(&story, "lise", "grace@example.com").await;
    assert_eq!(free, taken);
    assert_eq!(free, waited_for);
    assert_eq!(free.hashes, 1);
    assert!(free.transactions <= 2, "{free:?}");

    let (state, work) = counted(waiting::state(&story.server().state().auth, &waiting_token)).await;
    assert_eq!(state.expect("somebody who waits").name(), "unconfirmed");
    // One look-up of ours, and the account.
    assert_eq!((work.reads, work.transactions, work.hashes), (2, 0, 0));
});

story!(forgotten_password_costs_the_same_whoever_is_named, OPEN, |story| {
    let ada = story.person("ada").await;
    sign_up(&story, "grace", "grace@example.com").await;
    let auth = story.server().state().auth.clone();
    let ask = async |name: &str| {
        let (asked, work) = counted(reset::forgot(&auth, name, &Browser::default(), None)).await;
        asked.expect("an answer").expect("a name");
        work
    };
    let known = ask(&ada.email).await;
    for (name, why) in [("nobody@example.com", "unknown"), ("grace@example.com", "unconfirmed"), ("nobody", "no name")]
    {
        assert_eq!(ask(name).await, known, "{why}");
    }
    assert_eq!((known.transactions, known.hashes), (1, 0));
});

story!(sign_in_with_a_password_looks_for_blocks_of_its_network_once, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut request = AuthorizationRequest::default();
    request.client_id = Some(app.client_id.clone());
    request.redirect_uri = Some(tests::story::CALLBACK.to_owned());
    request.response_type = Some("code".to_owned());
    request.scope = Some("read".to_owned());
    let attempt = |source: Option<std::net::IpAddr>| {
        let mut browser = Browser::default();
        browser.caller.source = source;
        PasswordAttempt::new(request.clone(), &ada.username, Secret::new(&*ada.password), browser)
    };
    let auth = &story.server().state().auth;
    let (signed_in, without) = counted(login::with_password(auth, attempt(None))).await;
    signed_in.expect("a session");
    // The same with an address, for which blocks are looked up.
    let (signed_in, with) = counted(login::with_password(auth, attempt("192.0.2.7".parse().ok()))).await;
    signed_in.expect("a session");
    assert_eq!((with.hashes, with.reads), (1, without.reads + 1), "{without:?} {with:?}");
});
