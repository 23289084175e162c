//! What must not work: guessing, foreign forms, and a yes that no longer counts.

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts, Standing};
use serde_json::json;
use tests::story;

use super::{ENDPOINT, ON, browser_of, codes, decide, enter, is_told, open, poll, press, question, registered};
use crate::factors::{act, enrol, set_up};

const LIMITED: &[(&str, &str)] = &[("oauth.device_grant", "true"), ("ratelimit.enabled", "true")];

story!(device_answer_from_elsewhere_or_without_form_token_counts_for_nothing, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    let page = question(&story, &mut jar, &codes.user).await;
    let (token, code) = (page.hidden("form_token"), page.hidden("user_code"));
    let whole = [("form_token", &*token), ("user_code", &*code), ("answer", "allow")];
    for path in ["/device", "/device/answer"] {
        for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
        {
            story.post(path).header(name, value).cookies(&jar).form(&whole).send().await.is(403);
        }
        for form in [
            vec![("user_code", &*code), ("answer", "allow")],
            vec![("form_token", ""), ("user_code", &*code), ("answer", "allow")],
            vec![("form_token", "x"), ("user_code", &*code), ("answer", "allow")],
        ] {
            let again = story.post(path).header("accept", "text/html").cookies(&jar).form(&form).send().await.is(422);
            assert!(again.markup().contains(&format!("value=\"{code}\"")), "nothing that was typed is lost");
        }
        // Another browser's token is none.
        let mut other = browser_of(&story, &ada).await;
        let foreign = open(&story, &mut other, "/device").await.is(200).hidden("form_token");
        let form = [("form_token", &*foreign), ("user_code", &*code), ("answer", "allow")];
        story.post(path).header("accept", "text/html").cookies(&jar).form(&form).send().await.is(422);
        story.post(path).cookies(&jar).body("text/plain", "user_code=x").send().await.is(415);
    }
    // By GET nothing is answered, and nobody who is not signed in answers.
    let query = format!("/device/answer?user_code={code}&answer=allow&form_token={token}");
    story.get(&query).cookies(&jar).send().await.is(405);
    let answer = story.post("/device/answer").form(&whole).send().await.is(302);
    assert_eq!(answer.location().path(), "/account/sign-in");
    for answer in ["", "ALLOW", "yes"] {
        let form = [("form_token", &*token), ("user_code", &*code), ("answer", answer)];
        story.post("/device/answer").header("accept", "text/html").cookies(&jar).form(&form).send().await.is(422);
    }
    is_told(&story, &app, &codes.device, "authorization_pending").await;
});

story!(device_codes_that_are_guessed_are_counted_for_the_account_and_the_address, LIMITED, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let mut jar = browser_of(&story, &ada).await;
    let mut statuses = Vec::new();
    for number in 0..1_000_u32 {
        // Ten minutes are not over; what is refused is refused without a look.
        let letters = "BCDFGHJKLMNPQRSTVWXZ".as_bytes();
        let typed: String = (0..8).map(|at| char::from(letters[(number as usize >> (at * 2)) % 20])).collect();
        if number > 12 && statuses.last() == Some(&429) && number % 100 != 0 {
            continue;
        }
        let token = open(&story, &mut jar, "/device").await;
        if token.status == 429 {
            statuses.push(429);
            continue;
        }
        let token = token.is(200).hidden("form_token");
        let form = [("form_token", &*token), ("user_code", &*typed)];
        let answer = story.post("/device").header("accept", "text/html").cookies(&jar).form(&form).send().await;
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        }
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses.iter().take_while(|status| **status == 422).count(), 10, "{statuses:?}");
    assert!(statuses[10..].iter().all(|status| *status == 429), "{statuses:?}");
    // A right one does not help now, nor a new sign-in, nor the button.
    let codes = codes(&story, &app).await;
    enter(&story, &mut jar, &codes.user).await.is(429);
    let mut again = browser_of(&story, &ada).await;
    enter(&story, &mut again, &codes.user).await.is(429);
    let token = open(&story, &mut again, "/device").await.is(200).hidden("form_token");
    let form = [("form_token", &*token), ("user_code", &*codes.user), ("answer", "allow")];
    story.post("/device/answer").cookies(&again).form(&form).send().await.is(429);
    is_told(&story, &app, &codes.device, "authorization_pending").await;
    // Others of the address have what is left of its thirty, and right codes cost nothing.
    let mut other = browser_of(&story, &story.person("eve").await).await;
    for _ in 0..3 {
        question(&story, &mut other, &codes.user).await;
    }
    story.advance_clock(Duration::from_secs(15 * 60));
    let codes = crate::device::codes(&story, &app).await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
});

story!(device_codes_that_one_address_asks_for_are_limited, LIMITED, |story| {
    let app = registered(&story, json!({})).await;
    for _ in 0..20 {
        codes(&story, &app).await;
    }
    let form = [("client_id", &*app.client_id), ("client_secret", &*app.client_secret)];
    let answer = story.post(ENDPOINT).form(&form).send().await.is(429);
    assert_ne!(answer.header("retry-after"), "");
    assert!(answer.json()["error"].is_string());
    story.advance_clock(Duration::from_secs(600));
    codes(&story, &app).await;
});

story!(yes_of_somebody_who_may_not_act_any_more_brings_nothing, ON, |story| {
    let app = registered(&story, json!({})).await;
    for standing in [Standing::Disabled, Standing::Pending] {
        let ada = story.person(&format!("ada{standing:?}").to_lowercase()).await;
        let mut jar = browser_of(&story, &ada).await;
        let codes = codes(&story, &app).await;
        decide(&story, &mut jar, &codes, "allow").await.is(200);
        let account = story.account(&ada).await;
        let accounts = &story.server().state().accounts;
        accounts.set_standing(&account.id, standing).await.expect("a standing");
        is_told(&story, &app, &codes.device, "access_denied").await;
        accounts.set_standing(&account.id, Standing::Active).await.expect("a standing");
        is_told(&story, &app, &codes.device, "invalid_grant").await;
    }
});

story!(yes_counts_no_more_when_its_session_ends, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    // Signed out in the browser that said yes.
    let mut jar = browser_of(&story, &ada).await;
    let first = codes(&story, &app).await;
    decide(&story, &mut jar, &first, "allow").await.is(200);
    let token = open(&story, &mut jar, "/oauth/logout").await.is(200).hidden("form_token");
    story.post("/oauth/logout").cookies(&jar).form(&[("form_token", &*token)]).send().await.is(200);
    is_told(&story, &app, &first.device, "access_denied").await;
    // Ended from another browser, with all others.
    let mut jar = browser_of(&story, &ada).await;
    let second = codes(&story, &app).await;
    decide(&story, &mut jar, &second, "allow").await.is(200);
    let mut other = browser_of(&story, &ada).await;
    let token = open(&story, &mut other, "/account/sessions").await.is(200).hidden("form_token");
    let form = [("form_token", &*token), ("do", "end_others")];
    story.post("/account/sessions").cookies(&other).form(&form).send().await.is(302);
    is_told(&story, &app, &second.device, "access_denied").await;
    // A new password, which spares the session in which it is chosen.
    let third = codes(&story, &app).await;
    decide(&story, &mut other, &third, "allow").await.is(200);
    let token = open(&story, &mut other, "/account/password").await.is(200).hidden("form_token");
    let form = [
        ("form_token", &*token),
        ("current_password", &*ada.password),
        ("password", "quite another sentence"),
        ("new_password", "quite another sentence"),
    ];
    story.post("/account/password").cookies(&other).form(&form).send().await.is(302);
    is_told(&story, &app, &third.device, "access_denied").await;
});

story!(yes_counts_no_more_when_the_app_loses_its_access, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let mut jar = browser_of(&story, &ada).await;
    let first = codes(&story, &app).await;
    decide(&story, &mut jar, &first, "allow").await.is(200);
    poll(&story, &app, &first.device).await.is(200);
    let second = codes(&story, &app).await;
    decide(&story, &mut jar, &second, "allow").await.is(200);
    let listed = story.get("/oauth/authorized_applications.json").cookies(&jar).send().await.is(200).json();
    let grant = listed.as_array().expect("a list").iter().find(|grant| grant["name"] == "Story TV").expect("the app");
    let path = format!("/oauth/authorized_applications/{}.json", grant["id"].as_str().expect("text"));
    story.call(reqwest::Method::DELETE, &path).cookies(&jar).send().await;
    is_told(&story, &app, &second.device, "access_denied").await;
});

story!(yes_with_one_proof_counts_no_more_once_two_are_wanted, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let mut jar = browser_of(&story, &ada).await;
    let codes = codes(&story, &app).await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
    enrol(&story, &ada).await;
    is_told(&story, &app, &codes.device, "access_denied").await;
    // Set up in the very session that said yes, which goes on.
    let eve = story.person("eve").await;
    let mut jar = browser_of(&story, &eve).await;
    let codes = crate::device::codes(&story, &app).await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
    let (id, totp) = set_up(&story, &mut jar).await;
    let code = totp.code(story.now());
    act(&story, &mut jar, "totp/confirm", &[("setup_id", &id), ("code", &code)]).await.is(200);
    is_told(&story, &app, &codes.device, "access_denied").await;
});

story!(device_code_is_kept_as_digests_alone, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    let page = question(&story, &mut jar, &codes.user).await;
    press(&story, &mut jar, &page, "allow").await.is(200);
    let dump = crate::people::dump(&story).await;
    for secret in [codes.device.as_str(), &codes.user, &codes.user.replace('-', "")] {
        let has = |cell: &[u8]| cell.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(dump.iter().all(|(_, cell)| !has(cell)), "{secret}");
    }
});
