//! The last use of a token is written once a day, by nobody's request, and in nobody's way (Mastodon §11.4).

use std::time::Duration;

use futures_util::future::join;
use lysand_auth::flows::bearer::write_uses;
use lysand_auth::flows::sessions::end_all;
use tests::story;
use tests::story::Story;

use crate::database::facts;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn uses(story: &Story) -> Vec<String> {
    let query = "SELECT CAST(last_used_at AS TEXT) || ' ' || last_used_from AS fact FROM auth_token \
                 WHERE last_used_at IS NOT NULL";
    facts(story.server().state().auth.store(), query).await
}

story!(token_last_use_is_written_once_a_day, |story| {
    let auth = story.server().state().auth.clone();
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    assert_eq!(write_uses(&auth).await.expect("written"), 0, "a token that nobody used");
    let verify = async |from: &str| {
        let call = story.get("/api/v1/apps/verify_credentials").bearer(&token).header("x-forwarded-for", from);
        call.send().await.is(200);
        write_uses(&auth).await.expect("written")
    };
    assert_eq!(verify("2001:db8::7").await, 1);
    assert_eq!(uses(&story).await, ["1795294800000000 2001:db8::7"]);
    assert_eq!(verify("192.0.2.1").await, 0);
    story.advance_clock(DAY);
    assert_eq!(verify("::ffff:192.0.2.1").await, 1);
    assert_eq!(uses(&story).await, ["1795381200000000 192.0.2.1"]);
});

story!(token_last_use_and_revocation_in_parallel_do_not_deadlock, |story| {
    let auth = story.server().state().auth.clone();
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let account = story.account(&person).await;
    for _ in 0..5 {
        let mut tokens = Vec::new();
        for _ in 0..8 {
            tokens.push(story.token(&person, &app).await);
        }
        for token in &tokens {
            story.verify(token).await.is(200);
        }
        let (written, ended) = join(write_uses(&auth), end_all(&auth, &account.id)).await;
        assert!(written.expect("written") <= 8);
        ended.expect("ended");
        for token in &tokens {
            story.verify(token).await.is(401);
        }
    }
});
