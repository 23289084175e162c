//! A frontend takes the place of our pages one by one (people PPL-233).

use serde_json::json;
use tests::story;
use tests::story::CookieJar;

use super::sessions::sign_in_with_agent;
use super::{mails_to, sign_up};

const FRONTEND: &[(&str, &str)] = &[
    ("frontend.mode", "redirect"),
    ("frontend.url", "https://fe.example"),
    ("frontend.routes.confirm", "/join/confirm"),
    ("frontend.routes.password_forgot", "/forgot"),
    ("frontend.routes.sessions", "/devices"),
    ("signups.registration", "true"),
    ("signups.proof_of_work", "false"),
];

story!(pages_of_a_frontend_are_told_and_mails_lead_there, FRONTEND, |story| {
    let told = story.get("/api/v1/auth/routes").send().await.is(200).json();
    let base = story.base();
    assert_eq!(told["confirm"], json!({ "url": "https://fe.example/join/confirm", "by": "frontend" }));
    assert_eq!(told["login"], json!({ "url": "https://fe.example/oauth/authorize", "by": "frontend" }));
    assert_eq!(told["account"], json!({ "url": format!("{base}/account"), "by": "hosted" }));
    assert_eq!(told["sessions"], json!({ "url": "https://fe.example/devices", "by": "frontend" }));
    assert_eq!(told.as_object().expect("an object").len(), 14);

    sign_up(&story, "ada", "ada@example.com").await;
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    assert!(mail.contains("https://fe.example/join/confirm?token="), "{mail}");
    let forgot = story.get("/account/forgot?lang=de").header("accept", "text/html").send().await.is(302);
    assert!(forgot.header("location").starts_with("https://fe.example/forgot"), "{}", forgot.header("location"));
});

story!(new_sign_in_is_told_with_the_page_of_the_frontend, FRONTEND, |story| {
    let ada = story.person("ada").await;
    for agent in ["One/1", "Two/2"] {
        let (from, jar) = ((agent, "203.0.113.77"), &mut CookieJar::default());
        assert!(sign_in_with_agent(&story, &ada, jar, from).await.cookie("jwt").is_some());
    }
    let mail = mails_to(&story, &ada.email, 1).await.remove(0);
    assert!(mail.contains("https://fe.example/devices") && mail.contains("https://fe.example/forgot"), "{mail}");
});

story!(pages_without_a_frontend_are_all_our_own, |story| {
    let told = story.get("/api/v1/auth/routes").send().await.is(200).json();
    assert!(told.as_object().expect("an object").values().all(|page| page["by"] == "hosted"), "{told}");
});
