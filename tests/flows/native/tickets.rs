//! Tickets: each opens one stream once.

use std::time::Duration;

use lysand_auth::error::{Code, Error};
use lysand_auth::flows::bearer::{self, Bearer};
use lysand_auth::flows::{sweep, tickets};
use lysand_auth::{Auth, Secret};
use tests::story;
use tests::story::Story;

use super::{TOKI, refresh, signed_in};

fn auth(story: &Story) -> &Auth {
    &story.server().state().auth
}

async fn bearer_of(story: &Story, token: &str) -> Bearer {
    bearer::speaks_for(auth(story), &Secret::new(token)).await.expect("a live token")
}

async fn opens(story: &Story, ticket: &Secret, target: &str) -> bool {
    tickets::redeem(auth(story), ticket, target).await.expect("an answer").is_some()
}

story!(ticket_opens_its_target_once, TOKI, |story| {
    let ada = story.person("ada").await;
    let bearer = bearer_of(&story, &signed_in(&story, &ada).await.access).await;
    let ticket = tickets::issue(auth(&story), &bearer, "room-1").await.expect("a ticket");
    let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    assert!(ticket.expose().len() == 43 && ticket.expose().bytes().all(is_url_safe));
    let opened = tickets::redeem(auth(&story), &ticket, "room-1").await.expect("an answer").expect("a stream");
    assert_eq!((opened.account.id, &*opened.sign_in), (story.account(&ada).await.id, bearer.grant_id()));
    assert!(!opens(&story, &ticket, "room-1").await);
    // A wrong target spends it as well.
    let ticket = tickets::issue(auth(&story), &bearer, "room-1").await.expect("a ticket");
    assert!(!opens(&story, &ticket, "room-2").await && !opens(&story, &ticket, "room-1").await);
    assert!(!opens(&story, &Secret::new("\0"), "room-1").await);
    assert!(!opens(&story, &Secret::new("x".repeat(43)), "room-1").await);
});

story!(ticket_ends_after_half_a_minute_and_with_its_sign_in, TOKI, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    let bearer = bearer_of(&story, &pair.access).await;
    let ticket = tickets::issue(auth(&story), &bearer, "hub").await.expect("a ticket");
    story.advance_clock(Duration::from_secs(29));
    let later = tickets::issue(auth(&story), &bearer, "hub").await.expect("a ticket");
    story.advance_clock(Duration::from_secs(1));
    assert!(!opens(&story, &ticket, "hub").await && opens(&story, &later, "hub").await);
    let ticket = tickets::issue(auth(&story), &bearer, "hub").await.expect("a ticket");
    // A refresh is no end.
    refresh(&story, &pair.refresh).await.is(200);
    let kept = tickets::issue(auth(&story), &bearer, "hub").await.expect("a ticket");
    assert!(opens(&story, &kept, "hub").await);
    refresh(&story, &pair.refresh).await.is(401);
    assert!(!opens(&story, &ticket, "hub").await, "its sign-in is over");
    assert!(tickets::issue(auth(&story), &bearer, "hub").await.is_err());
});

story!(ticket_is_taken_by_one_of_many, TOKI, |story| {
    let ada = story.person("ada").await;
    let bearer = bearer_of(&story, &signed_in(&story, &ada).await.access).await;
    let ticket = tickets::issue(auth(&story), &bearer, "hub").await.expect("a ticket");
    let tries = futures_util::future::join_all((0..30).map(|_| opens(&story, &ticket, "hub"))).await;
    assert_eq!(tries.iter().filter(|opened| **opened).count(), 1);
});

story!(tickets_have_a_target_and_a_number, TOKI, |story| {
    let ada = story.person("ada").await;
    let bearer = bearer_of(&story, &signed_in(&story, &ada).await.access).await;
    let code = |refused: Result<Secret, Error>| match refused {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    };
    for target in ["", &*"x".repeat(65), "a\u{7}", "a\0"] {
        assert_eq!(code(tickets::issue(auth(&story), &bearer, target).await), Code::Validation);
    }
    let of_app = bearer_of(&story, &story.token(&ada, &story.usual_app().await).await).await;
    assert_eq!(code(tickets::issue(auth(&story), &of_app, "hub").await), Code::Forbidden, "it has no sign-in");
    for _ in 0..20 {
        tickets::issue(auth(&story), &bearer, "hub").await.expect("a ticket");
    }
    assert_eq!(code(tickets::issue(auth(&story), &bearer, "hub").await), Code::TooManyRequests);
    story.advance_clock(Duration::from_secs(31));
    let swept = sweep::sweep(auth(&story)).await.expect("swept");
    assert!(swept.others >= 20, "{swept:?}");
    tickets::issue(auth(&story), &bearer, "hub").await.expect("a ticket");
});
