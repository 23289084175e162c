//! Recovery codes: shown once, kept as a set, used once (FAC-67 to FAC-69).

use tests::story;

use super::{SECURITY, WRONG, act, begin, enrol, is_step_error, token};

story!(recovery_codes_become_a_file_once_and_for_their_owner_alone, |story| {
    let (ada, grace) = (story.person("ada").await, story.person("grace").await);
    let (mut own, mut other) = (enrol(&story, &ada).await, enrol(&story, &grace).await);
    assert!(own.codes.iter().all(|code| code.len() == 19 && code.is_ascii()), "{:?}", own.codes);
    let codes = own.codes.join(" ");
    let file = act(&story, &mut own.jar, "recovery/download", &[("codes", &codes)]).await.is(200);
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"recovery-codes-localhost.txt\"");
    assert_eq!(file.header("cache-control"), "no-store");
    assert_eq!(file.body, format!("ada@localhost\n\n{}\n", own.codes.join("\n")));
    // Nothing else becomes a file: fewer, others, somebody else's.
    let nine = own.codes[1..].join(" ");
    for sent in ["", "AAAA-AAAA-AAAA-AAAA", &nine, "<script>"] {
        act(&story, &mut own.jar, "recovery/download", &[("codes", sent)]).await.is(422);
    }
    act(&story, &mut other.jar, "recovery/download", &[("codes", &codes)]).await.is(422);
});

story!(recovery_codes_made_anew_void_the_ones_before, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    let page = act(&story, &mut own.jar, "recovery", &[]).await.is(200);
    assert_eq!(page.body.matches("<li><code>").count(), 10);
    let fresh = crate::factors::between(&page.body, "<li><code>", "<");
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    is_step_error(waiting.post(&story, "recovery", &own.codes[0]).await, "invalid_grant", WRONG);
    waiting.post(&story, "recovery", &fresh).await.signed_in();
    let page = story.get(SECURITY).cookies(&own.jar).send().await.is(200);
    assert!(page.body.contains("9 of your codes are left"), "{}", page.body);
    assert!(token(&story, &mut own.jar).await.len() > 20);
});

story!(recovery_codes_live_on_when_another_key_comes_first, |story| {
    let file = |name: &str| story.mail_folder().with_file_name(name).display().to_string();
    let (old, new) = (file("old.key"), file("new.key"));
    std::fs::write(&new, [7; 31].iter().chain(&[8]).copied().collect::<Vec<u8>>()).expect("a key");
    let story = story.restart(&[("keys.secrets", &old)]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let story = story.restart(&[("keys.secrets", &format!("[{new:?}, {old:?}]"))]).await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    waiting.answer(&story, "recovery", &own.codes[0]).await.signed_in();
    let code = own.fresh_code(&story);
    begin(&story, &ada, &app.authorize_query()).await.answer(&story, "totp", &code).await.signed_in();
    let sealed = lysand_auth::flows::factors::keys::rewrap(&story.server().state().auth).await.expect("sealed");
    assert_eq!(sealed, 1);
    let story = story.restart(&[("keys.secrets", &new)]).await;
    let code = own.fresh_code(&story);
    begin(&story, &ada, &app.authorize_query()).await.answer(&story, "totp", &code).await.signed_in();
});
