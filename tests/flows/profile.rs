//! The public page of an account, at the addresses that the account entity names (faults B7).

use lysand_auth::host::accounts::{Accounts, Standing};
use tests::story;

story!(profile_addresses_of_account_entity_lead_to_a_page, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let entity = story.verify(&token).await.is(200).json();
    let (url, uri) = (entity["url"].as_str().expect("an address"), entity["uri"].as_str().expect("an address"));
    let page = story.get(url).header("accept", "text/html").send().await.is(200);
    assert!(page.body.contains(&format!("@ada@{}", story.base().trim_start_matches("http://"))), "{}", page.body);
    assert!(!page.body.contains(&ada.email), "nobody's address is public");
    assert_eq!(page.header("access-control-allow-origin"), "");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{:?}", page.headers);
    let redirect = story.get(uri).header("accept", "text/html").send().await.is(302);
    assert_eq!(redirect.header("location"), url);
    for path in ["/@ADA", "//@ada", "/@ada/"] {
        story.get(path).header("accept", "text/html").send().await.is(200);
    }
    story.call(reqwest::Method::POST, "/@ada").send().await.is(405);
});

story!(profile_of_nobody_or_of_an_account_that_may_not_act_is_not_found, |story| {
    let ada = story.person("ada").await;
    let eve = story.person("eve").await;
    let account = story.account(&eve).await;
    let accounts = story.server().state().accounts.clone();
    let address = ada.email.replace('@', "%40");
    let odd =
        ["/@nobody", "/@", "/@%00", "/@a%2Fb", "/@%F0%9F", "/users/nobody", "/users/%00", &format!("/@{address}")];
    for path in odd {
        let page = story.get(path).header("accept", "text/html").send().await.is(404);
        assert!(page.header("content-type").starts_with("text/html"), "{path}: {:?}", page.headers);
        story.get(path).header("accept", "application/json").send().await.is(404).json();
    }
    for standing in [Standing::Disabled, Standing::Pending, Standing::Suspended] {
        accounts.set_standing(&account.id, standing).await.expect("an answer");
        for path in ["/@eve", "/users/eve"] {
            story.get(path).header("accept", "text/html").send().await.is(404);
        }
    }
    accounts.set_standing(&account.id, Standing::Active).await.expect("an answer");
    story.get("/@eve").header("accept", "text/html").send().await.is(200);
});
