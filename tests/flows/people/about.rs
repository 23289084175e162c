//! What people can read before they sign up (PPL-126b).

use serde_json::json;
use tests::story;

const TEXTS: &[(&str, &str)] = &[
    ("instance.description", "Ferns <and> who likes them"),
    ("instance.contact_email", "staff@example.com"),
    ("signups.rules", "[\"Be kind.\", \"No <spam>.\"]"),
    ("signups.tos_file", concat!(env!("CARGO_MANIFEST_DIR"), "/../LICENSE-MIT")),
    ("signups.privacy_file", concat!(env!("CARGO_MANIFEST_DIR"), "/../LICENSE-APACHE")),
    ("branding.links", "[{ name = \"Imprint\", url = \"https://example.com/imprint\" }]"),
];

story!(instance_rules_terms_and_privacy_are_those_of_the_sign_up, TEXTS, |story| {
    let rules = story.get("/api/v1/instance/rules").send().await.is(200);
    assert_eq!(rules.header("cache-control"), "public, max-age=60");
    let wanted = json!([
        { "id": "1", "text": "Be kind.", "hint": "" },
        { "id": "2", "text": "No <spam>.", "hint": "" },
    ]);
    assert_eq!(rules.json(), wanted);
    let instance = story.get("/api/v2/instance").send().await.is(200).json();
    assert_eq!(instance["rules"], wanted);
    let terms = story.get("/api/v1/instance/terms_of_service").send().await.is(200).json();
    assert_eq!((&terms["effective"], &terms["succeeded_by"]), (&json!(true), &json!(null)));
    assert_eq!(terms["effective_date"].as_str().expect("a day").len(), "2026-11-29".len());
    let content = terms["content"].as_str().expect("a text");
    assert!(content.starts_with("<p>") && content.contains("&quot;AS IS&quot;"), "{content}");
    let privacy = story.get("/api/v1/instance/privacy_policy").send().await.is(200).json();
    assert!(privacy["updated_at"].as_str().expect("a moment").ends_with('Z'));
    assert!(privacy["content"].as_str().expect("a text").contains("Apache License"));
    let about = |anchor: &str| json!(format!("{}/about#{anchor}", story.base()));
    assert_eq!(instance["configuration"]["urls"]["terms_of_service"], about("terms"));
    assert_eq!(instance["configuration"]["urls"]["privacy_policy"], about("privacy"));
    let offer = story.get("/api/v1/auth/signup").send().await.is(200).json();
    assert_eq!((&offer["rules"][0]["text"], &offer["tos_url"]), (&json!("Be kind."), &json!("/about#terms")));
});

story!(instance_terms_and_privacy_that_are_not_set_are_404, |story| {
    assert_eq!(story.get("/api/v1/instance/rules").send().await.is(200).json(), json!([]));
    for path in ["terms_of_service", "privacy_policy"] {
        let answer = story.get(&format!("/api/v1/instance/{path}")).send().await;
        answer.is_api_error(404, "Record not found");
    }
    let page = story.get("/about").send().await.is(200);
    assert!(!page.body.contains("id=\"rules\"") && !page.body.contains("id=\"terms\""), "{}", page.body);
});

story!(about_page_shows_rules_texts_and_links_and_is_linked_where_people_sign_in_and_up, TEXTS, |story| {
    let page = story.get("/about").header("accept-language", "de").send().await.is(200);
    for words in [
        "Über diesen Server",
        "Ferns &lt;and&gt; who likes them",
        "mailto:staff@example.com",
        "No &lt;spam&gt;.",
        "id=\"terms\"",
        "id=\"privacy\"",
        "Apache License",
        "href=\"https://example.com/imprint\"",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.body.contains("/register\""), "{}", page.body);
    let app = story.usual_app().await;
    let sign_in = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(200);
    let sign_up = story.get("/register").send().await.is(200);
    for page in [sign_in, sign_up] {
        assert!(page.body.contains("href=\"/about\""), "{}", page.body);
    }
    let sign_up = story.get("/register").send().await.is(200);
    assert!(sign_up.body.contains("Be kind.") && sign_up.body.contains("href=\"/about#terms\""), "{}", sign_up.body);
});

story!(about_page_of_a_closed_server_has_no_link_to_sign_up, &[("signups.registration", "false")], |story| {
    let page = story.get("/about").send().await.is(200);
    assert!(!page.body.contains("/register"), "{}", page.body);
});
