//! Each mail as it was last looked at, and what holds for all of them.

use lysand_auth::Ambient;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::mailer::{Letter, Mail};
use lysand_auth::secret::Secret;

use super::texts::tests::samples;
use super::{Instance, MailTemplates, Messages, Sender};
use crate::pages::TeraPages;

fn instance<'a>(title: &'a str, languages: &'a [String]) -> Instance<'a> {
    Instance {
        title,
        site: "https://social.example",
        account: "https://social.example/account",
        sessions: "https://social.example/account/sessions",
        forgot: "https://social.example/account/forgot",
        languages,
    }
}

fn templates(title: &str, language: &str) -> MailTemplates {
    let pages = TeraPages::load(None, title, "social.example").unwrap();
    let languages = [language.to_owned()];
    let instance = instance(title, &languages);
    MailTemplates::load(None, &pages, instance).unwrap()
}

pub(super) fn messages(title: &str, language: &str, ambient: Ambient) -> Messages {
    let base_url = BaseUrl::parse("https://social.example").unwrap();
    let sender = Sender { from: None, reply_to: None, title, base_url: &base_url };
    Messages::new(templates(title, language), sender, ambient).unwrap()
}

/// A mail as its reader sees it, with link and code where it has them.
fn letter(mail: Mail) -> Letter {
    let kind = mail.kind();
    let is_stranger = matches!(mail, Mail::Invited { has_account: false, .. }) || kind == "email_confirm";
    let letter = Letter::new("ada@example.com", mail);
    let letter = if is_stranger { letter } else { letter.with_username("ada") };
    let has_link = [
        "confirm",
        "invited",
        "reset",
        "reset_demanded",
        "email_change_asked",
        "email_confirm",
        "email_changed",
        "way_back_asked",
        "way_back_soon",
    ];
    let letter = match has_link.contains(&kind) {
        true => letter.with_link(Secret::new("https://social.example/page?token=T")),
        false => letter,
    };
    match kind {
        "confirm" | "email_confirm" => letter.with_code(Secret::new("12345678")),
        _ => letter,
    }
}

#[test]
fn mails_equal_their_snapshots() {
    for language in ["en", "de"] {
        let templates = templates("Title", language);
        let mut all = String::new();
        for mail in samples("Example") {
            let kind = mail.kind();
            let words = templates.words(&letter(mail)).unwrap();
            all += &format!("==== {kind}\nSubject: {}\n\n{}\n", words.subject, words.text);
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("mails.{language}"), all);
        });
    }
    let html = templates("Title", "en").words(&letter(Mail::Confirm)).unwrap().html;
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("confirm.html", html);
    });
}

#[test]
fn mails_lead_to_this_server_alone_and_hold_neither_pictures_nor_scripts() {
    let templates = templates("T <i>", "fr");
    for mail in samples("https://evil.example <script>alert(1)</script>\r\n") {
        let words = templates.words(&letter(mail.clone())).unwrap();
        let html = &words.html;
        for forbidden in ["<script", "<img", "<i>", "style=", "src=", "href=\"https://evil"] {
            assert!(!html.contains(forbidden), "{forbidden} is in {html}");
        }
        let links = html.matches("href=\"").count();
        assert_eq!(html.matches("href=\"https://social.example").count(), links, "{html}");
        assert!(!words.subject.contains(['\r', '\n']), "{}", words.subject);
        assert!(words.text.lines().count() < 30, "{}", words.text);
        let link = letter(mail).link;
        if let Some(link) = link {
            assert!(words.text.lines().any(|line| line == link.expose()), "a line of its own: {}", words.text);
        }
    }
}

#[test]
fn mail_speaks_the_language_of_its_reader_or_else_of_the_server() {
    use lysand_auth::host::accounts::Language;
    let greeting = |server: &str, reader: Option<&str>| {
        let letter = Letter::new("a@b.example", Mail::Test).with_username("ada");
        let letter = match reader.and_then(Language::parse) {
            Some(language) => letter.with_language(language),
            None => letter,
        };
        templates("T", server).words(&letter).unwrap().text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(greeting("en", Some("de-AT")), "Hallo ada,");
    assert_eq!(greeting("fr", None), "Bonjour ada,");
    assert_eq!(greeting("es", Some("tlh")), "Hola ada,");
    assert_eq!(greeting("tlh", Some("ja")), "Hello ada,");
}

#[test]
fn own_template_of_a_mail_replaces_the_built_in_one_and_falls_back_to_it_when_it_fails() {
    let load = |name: &str, text: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mail")).unwrap();
        std::fs::write(folder.path().join("mail").join(name), text).unwrap();
        let pages = TeraPages::load(Some(folder.path()), "T", "social.example")?;
        let languages = ["en".to_owned()];
        let instance = instance("T", &languages);
        MailTemplates::load(Some(folder.path()), &pages, instance)
    };
    let text = |templates: MailTemplates, mail: Mail| templates.words(&letter(mail)).unwrap().text;
    let own = || load("welcome.txt", "Own words for {{ username }} in {{ lang }}").unwrap();
    assert_eq!(text(own(), Mail::Welcome), "Own words for ada in en");
    assert!(text(own(), Mail::Approved).starts_with("Hello ada,"));
    let failing = load("welcome.txt", "{{ nobody_has_this }}").unwrap();
    assert!(text(failing, Mail::Welcome).starts_with("Hello ada,"));
    for (name, text) in [("welcom.txt", ""), ("welcome.md", ""), ("welcome.txt", "{% if %}")] {
        let error = load(name, text).err().unwrap().to_string();
        assert!(error.contains("welcom"), "{error}");
    }
}
