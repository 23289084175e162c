//! The templates of mails: `mail/base.txt` and `mail/base.html`, or an admin's own `mail/KIND.txt` and `mail/KIND.html` in
//! `frontend.templates_dir` (PPL-176).

use std::path::Path;
use std::sync::Arc;

use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::Letter;
use serde::Serialize;
use tera::{Context, Tera};

use super::place::Place;
use super::sentences::{Line, Part, Sentence, one_line};
use super::texts;
use crate::pages::{Catalogue, PagesError, TeraPages, mail_overrides, register_filters};

const BASE_TEXT: (&str, &str) = ("mail/base.txt", include_str!("../../../templates/mail/base.txt"));
const BASE_HTML: (&str, &str) = ("mail/base.html", include_str!("../../../templates/mail/base.html"));

/// The words of mails, in all languages.
pub struct MailTemplates {
    built_in: Tera,
    /// The same, with the admin's own over them.
    own: Tera,
    languages: Vec<(&'static str, Arc<Catalogue>)>,
    /// The languages of the people here, the most spoken first.
    spoken: Vec<String>,
    title: String,
    site: String,
    account: String,
    sessions: String,
    forgot: String,
}

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MailText {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// What the mails say of the server.
#[derive(Clone, Copy, Debug)]
pub struct Instance<'a> {
    /// Its name.
    pub title: &'a str,
    /// Its origin.
    pub site: &'a str,
    /// Where people find the page of their account.
    pub account: &'a str,
    /// Where they see and end their sign-ins.
    pub sessions: &'a str,
    /// Where they choose a new password when they forgot theirs.
    pub forgot: &'a str,
    /// The languages of the people there, the most spoken first.
    pub languages: &'a [String],
}

impl MailTemplates {
    /// The built-in templates, and those of `templates_dir` over them.
    ///
    /// # Errors
    /// When a file cannot be read, replaces nothing or cannot be parsed.
    pub fn load(templates_dir: Option<&Path>, pages: &TeraPages, instance: Instance<'_>) -> Result<Self, PagesError> {
        let engine = |templates: Vec<(String, String)>| {
            let mut tera = Tera::new();
            register_filters(&mut tera);
            let all = [BASE_TEXT, BASE_HTML].map(|(name, text)| (name.to_owned(), text.to_owned()));
            tera.add_raw_templates(all.into_iter().chain(templates)).map(|()| tera)
        };
        let broken = |error: tera::Error| PagesError::of_mail(&error);
        Ok(Self {
            built_in: engine(Vec::new()).map_err(broken)?,
            own: engine(mail_overrides(templates_dir)?).map_err(broken)?,
            languages: pages.catalogues(),
            spoken: instance.languages.to_vec(),
            title: one_line(instance.title),
            site: instance.site.to_owned(),
            account: instance.account.to_owned(),
            sessions: instance.sessions.to_owned(),
            forgot: instance.forgot.to_owned(),
        })
    }

    /// A mail in the language of its reader, or else the server's.
    pub(super) fn words(&self, letter: &Letter) -> HostResult<MailText> {
        let place = Place {
            title: &self.title,
            site: &self.site,
            account: &self.account,
            sessions: &self.sessions,
            forgot: &self.forgot,
            has_link: letter.link.is_some(),
        };
        let words = texts::words(&letter.mail, place).ok_or("this version has no words for that mail")?;
        let (language, catalogue) = self.language_of(letter);
        let lines = |lines: &[Line]| -> Vec<ShownLine> { lines.iter().map(|line| shown(catalogue, line)).collect() };
        let subject = said(catalogue, &words.subject);
        let greeting = match letter.username.as_deref() {
            Some(name) => {
                said(catalogue, &Sentence { pattern: texts::GREETING, parts: vec![Part::Text(one_line(name))] })
            }
            None => catalogue.say(texts::GREETING_WITHOUT_NAME, &[]),
        };
        let mut context = Context::new();
        context.insert("lang", language);
        context.insert("subject", &subject);
        context.insert("greeting", &greeting);
        context.insert("before", &lines(&words.before));
        context.insert("after", &lines(&words.after));
        context.insert("link", &letter.link.as_ref().map(|link| link.expose()));
        context.insert("token", &letter.token.as_ref().map(|token| token.expose()));
        context.insert("token_words", &catalogue.say(texts::TOKEN, &[]));
        context.insert("code", &letter.code.as_ref().map(|code| code.expose()));
        context.insert("code_words", &catalogue.say(texts::CODE, &[]));
        context.insert("username", &letter.username);
        context.insert("mail", &letter.mail);
        context.insert("title", &self.title);
        context.insert("site", &self.site);
        let kind = letter.mail.kind();
        let render = |ending| catalogue.clone().spoken(|| self.rendered(kind, ending, &context));
        Ok(MailText { subject, text: render("txt")?, html: render("html")? })
    }

    /// The admin's own template if there is one and it works, else the built-in one.
    fn rendered(&self, kind: &str, ending: &str, context: &Context) -> HostResult<String> {
        let base = format!("mail/base.{ending}");
        let own = format!("mail/{kind}.{ending}");
        let name = if self.own.get_template_names().any(|name| name == own) { &own } else { &base };
        match self.own.render(name, context) {
            Ok(text) => Ok(text),
            Err(error) => {
                tracing::error!(template = %name, why = %error, "a template of a mail fails; the built-in one is used");
                Ok(self.built_in.render(&base, context)?)
            }
        }
    }

    /// The reader's language, if it is spoken here; else the first of the server's that is; else English.
    fn language_of(&self, letter: &Letter) -> (&'static str, &Arc<Catalogue>) {
        let wanted = letter.language.as_ref().map(|language| language.as_str().to_owned());
        let wanted = wanted.iter().chain(&self.spoken).map(|tag| tag.to_ascii_lowercase());
        let of_tag = |tag: &str| self.languages.iter().find(|(known, _)| *known == tag);
        let found = wanted
            .into_iter()
            .find_map(|tag| of_tag(&tag).or_else(|| of_tag(tag.split('-').next().unwrap_or_default())));
        let (language, catalogue) = found.unwrap_or(&self.languages[0]);
        (language, catalogue)
    }
}

/// A line as templates have it.
#[derive(Serialize)]
struct ShownLine {
    text: String,
    /// Whether it is an address of this server. Somebody's own words never are.
    is_address: bool,
}

fn shown(catalogue: &Catalogue, line: &Line) -> ShownLine {
    match line {
        Line::Say(sentence) => ShownLine { text: said(catalogue, sentence), is_address: false },
        Line::Address(address) => ShownLine { text: address.clone(), is_address: true },
    }
}

fn said(catalogue: &Catalogue, sentence: &Sentence) -> String {
    let parts: Vec<String> = sentence
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Words(words) => catalogue.words(words),
        })
        .collect();
    catalogue.say(sentence.pattern, &parts.iter().map(String::as_str).collect::<Vec<_>>())
}
