//! The hosted pages: the library's typed contexts through Tera templates.
//!
//! The templates are compiled in. `frontend.templates_dir` replaces single ones by files of the same name, which get
//! the same context. Every page is rendered once with samples, in every language, before the server starts, so that a
//! template that cannot work stops the start and not a person's sign-in.

pub mod contexts;
mod error;
mod locales;
mod old_syntax;
mod positions;
mod samples;
#[cfg(test)]
mod snapshots;
mod sources;

use std::path::Path;
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError as _};
use async_trait::async_trait;
use lysand_auth::Error;
use lysand_auth::host::HostResult;
use lysand_auth::host::pages::{HtmlPage, Page, PageReply, PageRequest, Pages, Reader};
use lysand_auth::web::ApiError;
use serde::Serialize;
use tera::{Context, Tera};

pub use self::error::PagesError;
pub use self::locales::Catalogue;
pub(crate) use self::locales::register_functions as register_filters;
#[cfg(test)]
pub(crate) use self::locales::tests::{catalogue_faults, template_texts};
use self::locales::{ENGLISH, ENGLISH_NAME};
pub use self::positions::Position;
use self::sources::Sources;
pub(crate) use self::sources::mail_overrides;
use crate::assets::PageAssets;

/// The pages, parsed once.
pub struct TeraPages {
    /// The templates, whose filters speak the language of the moment.
    tera: Tera,
    /// English first.
    languages: Vec<(&'static str, Arc<Catalogue>)>,
    /// The templates that translate their texts; the others are in English, or in what language their admin writes.
    translating: Vec<&'static str>,
}

impl TeraPages {
    /// Loads the built-in templates and those of `templates_dir` over them. `host` is what handles end in.
    ///
    /// # Errors
    /// When a file cannot be read, replaces nothing or does not work as a template.
    pub fn load(templates_dir: Option<&Path>, instance_title: &str, host: &str) -> Result<Self, PagesError> {
        let sources = Sources::read(templates_dir)?;
        let mut languages = Vec::new();
        let english = (ENGLISH, ENGLISH_NAME, locales::PLAIN_ENGLISH);
        for (language, _, text) in [&english].into_iter().chain(locales::BUILT_IN) {
            let catalogue = Catalogue::parse(text).map_err(|error| {
                let file = format!("locales/{language}.toml");
                PagesError::Broken(vec![Position { file, line: None, why: error.to_string() }])
            })?;
            languages.push((*language, Arc::new(catalogue)));
        }
        sources.refuse_old_syntax()?;
        let mut tera = Tera::new();
        // Before the templates: the engine looks its filters up when it compiles them.
        locales::register_functions(&mut tera);
        tera.global_context().insert("instance_title", instance_title);
        tera.global_context().insert("host", host);
        tera.global_context().insert("assets", &PageAssets::new());
        tera.add_raw_templates(sources.all()).map_err(|error| sources.broken(&error, None))?;
        let translating = sources.all().filter(|(_, text)| locales::translates(text)).map(|(name, _)| name).collect();
        let pages = Self { tera, languages, translating };
        for (template, context) in samples::all("sample") {
            let spoken = if pages.translating.contains(&template) { pages.languages.len() } else { 1 };
            for (language, _) in &pages.languages[..spoken] {
                let rendered = pages.render_in(language, template, &context);
                rendered.map_err(|error| sources.broken(&error, Some(template)))?;
            }
        }
        Ok(pages)
    }

    /// The catalogue of each language, English first.
    pub(crate) fn catalogues(&self) -> Vec<(&'static str, Arc<Catalogue>)> {
        self.languages.clone()
    }

    /// The languages that the pages speak: tag in lower case, name in itself.
    pub fn languages(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let others = locales::BUILT_IN.iter().map(|(language, name, _)| (*language, *name));
        [(ENGLISH, ENGLISH_NAME)].into_iter().chain(others)
    }

    /// Renders a template with its context, in English.
    ///
    /// # Errors
    /// When there is no such template, or it asks for what the context does not have.
    pub fn render<T: Serialize>(&self, template: &str, context: &T) -> Result<String, tera::Error> {
        self.render_in(ENGLISH, template, context)
    }

    fn render_in<T: Serialize>(&self, language: &str, template: &str, context: &T) -> Result<String, tera::Error> {
        let known = self.languages.iter().find(|(known, _)| *known == language);
        let (language, catalogue) = known.ok_or_else(|| tera::Error::message("a language without a catalogue"))?;
        let mut whole = Context::from_serialize(context)?;
        whole.insert("lang", language);
        catalogue.spoken(|| self.tera.render(template, &whole))
    }

    /// Renders a template for a reader. What translates nothing is shown as it is, and the answer names no language.
    fn render_for<T: Serialize>(
        &self,
        reader: &Reader,
        template: &str,
        context: &T,
    ) -> Result<(String, Option<&'static str>), tera::Error> {
        if !self.translating.contains(&template) {
            return Ok((self.render(template, context)?, None));
        }
        let offered: Vec<&'static str> = self.languages.iter().map(|(language, _)| *language).collect();
        let language = reader.best_of(&offered).unwrap_or(ENGLISH);
        Ok((self.render_in(language, template, context)?, Some(language)))
    }

    /// A page for a reader, or why it cannot be shown.
    fn shown<T: Serialize>(
        &self,
        reader: &Reader,
        template: &str,
        context: &T,
    ) -> HostResult<(String, Option<&'static str>)> {
        self.render_for(reader, template, context).map_err(|error| positions::in_one_line(&error, template).into())
    }

    /// Answers with a page of this server's own; a page that fails is a failure of the server.
    pub fn reply<T: Serialize>(
        &self,
        reader: &Reader,
        status: StatusCode,
        template: &str,
        context: &T,
    ) -> HttpResponse {
        let (html, language) = match self.render_for(reader, template, context) {
            Ok(rendered) => rendered,
            Err(error) => return ApiError(Error::failed(positions::in_one_line(&error, template))).error_response(),
        };
        let mut reply = HttpResponse::build(status);
        reply.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"));
        reply.insert_header((header::VARY, "Accept-Language, Cookie"));
        if let Some(language) = language {
            reply.insert_header((header::CONTENT_LANGUAGE, language));
        }
        reply.body(html)
    }
}

impl TeraPages {
    /// A page of the library's, for a reader.
    ///
    /// # Errors
    /// When its template fails, or there is none.
    pub fn library_page(&self, page: &Page<'_>, reader: &Reader) -> HostResult<HtmlPage> {
        let rendered = match page {
            Page::SignIn(page) => self.shown(reader, "sign_in.html", page),
            Page::Consent(page) => self.shown(reader, "consent.html", page),
            Page::Code(page) => self.shown(reader, "code.html", page),
            Page::ConfirmLink(page) => self.shown(reader, "confirm_link.html", page),
            Page::FormPost(page) => self.shown(reader, "form_post.html", page),
            Page::AuthorizedApplications(page) => self.shown(reader, "authorized_applications.html", page),
            Page::Error(page) => self.shown(reader, "trouble.html", page),
            _ => return Err("this version has no template for that page".into()),
        };
        let (html, language) = rendered?;
        let page = HtmlPage::new(html);
        Ok(match language {
            Some(language) => page.in_language(language),
            None => page,
        })
    }
}

#[async_trait]
impl Pages for TeraPages {
    fn languages(&self) -> Vec<String> {
        TeraPages::languages(self).map(|(tag, _)| tag.to_owned()).collect()
    }

    async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply> {
        self.library_page(page, &request.reader).map(PageReply::from)
    }
}

#[cfg(test)]
mod tests {
    use lysand_auth::host::pages::CodePage;

    use super::sources::BUILT_IN;
    use super::*;

    const MARKUP: &str = "<script>alert(\"1\")</script>'&";

    fn in_all_languages(pages: &TeraPages, text: &'static str) -> Vec<(&'static str, &'static str, serde_json::Value)> {
        let samples = || samples::all(text);
        let each = |(language, _): &(&'static str, Arc<Catalogue>)| {
            let language = *language;
            samples().into_iter().map(move |(template, context)| (language, template, context))
        };
        pages.languages.iter().flat_map(each).collect()
    }

    #[test]
    fn page_templates_escape_all_external_text() {
        let pages = TeraPages::load(None, MARKUP, "social.example").unwrap();
        for (language, template, context) in in_all_languages(&pages, MARKUP) {
            let html = pages.render_in(language, template, &context).unwrap();
            assert!(html.contains("&lt;/script&gt;&#39;&amp;"), "{template} shows the sample text");
            assert!(!html.contains("<script>"), "{template} leaves markup as it is");
            assert!(!html.contains("alert(\""), "{template} leaves quotes as they are");
        }
    }

    #[test]
    fn page_templates_all_have_a_sample_context() {
        let sampled: Vec<_> = samples::all("x").into_iter().map(|(template, _)| template).collect();
        for (name, _) in BUILT_IN.iter().filter(|(name, _)| *name != "base.html") {
            assert!(sampled.contains(name), "{name}");
        }
    }

    /// The policy of our pages forbids both (security WEB-6); a browser would drop them silently.
    #[test]
    fn page_templates_contain_no_inline_style_or_script() {
        let pages = TeraPages::load(None, "Title", "social.example").unwrap();
        for (language, template, context) in in_all_languages(&pages, "x") {
            let html = pages.render_in(language, template, &context).unwrap();
            assert!(html.starts_with("<!doctype html>"), "{template}");
            for forbidden in ["<style", " style=", " onclick=", " onload=", "<script>", "javascript:"] {
                assert!(!html.contains(forbidden), "{template} has {forbidden}");
            }
            assert_eq!(html.matches("<h1").count(), 1, "{template}");
        }
    }

    #[test]
    fn page_template_override_file_replaces_built_in_template() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("code.html"), "own: {{ code }}").unwrap();
        std::fs::write(folder.path().join(".DS_Store"), "").unwrap();
        let pages = TeraPages::load(Some(folder.path()), "Title", "social.example").unwrap();
        let context = serde_json::json!({ "code": "<b>" });
        assert_eq!(pages.render("code.html", &context).unwrap(), "own: &lt;b&gt;");
    }

    fn shown(pages: &TeraPages, page: &Page<'_>, asked: &str) -> (String, Option<String>) {
        let page = pages.library_page(page, &Reader::new(Some(asked), [])).unwrap();
        (page.html, page.language)
    }

    #[test]
    fn page_language_follows_lang_parameter_with_english_fallback() {
        let pages = TeraPages::load(None, "Title", "social.example").unwrap();
        let code = Page::Code(CodePage { code: "abc" });
        for (asked, language, words) in [
            ("de-AT", "de", "Ihr Code"),
            ("fr", "fr", "Votre code"),
            ("es", "es", "Su código"),
            ("en", "en", "Your code"),
            ("tlh", "en", "Your code"),
        ] {
            let (html, told) = shown(&pages, &code, asked);
            assert!(html.contains(&format!("<html lang=\"{language}\">")) && html.contains(words), "{asked}: {html}");
            assert_eq!(told.as_deref(), Some(language), "{asked}");
        }
    }

    /// An admin's template from before there were languages, and one that was written after.
    #[test]
    fn page_template_override_is_translated_only_if_it_uses_the_filter() {
        let code = Page::Code(CodePage { code: "abc" });
        for (text, wanted, told) in [
            ("{% extends \"base.html\" %}{% block main %}Your code{% endblock %}", "lang=\"en\"", None),
            ("{{ code | trim | title }}", "Abc", None),
            ("{{ lang }}: {{ \"Your code\" |t }}", "de: Ihr Code", Some("de".to_owned())),
            (
                "{% component note(text) %}<{{ text | t }}>{% endcomponent note %}{{ <note text=\"Your code\" /> }}",
                "<Ihr Code>",
                Some("de".to_owned()),
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("code.html"), text).unwrap();
            let pages = TeraPages::load(Some(folder.path()), "Title", "social.example").unwrap();
            let (html, language) = shown(&pages, &code, "de");
            assert!(html.contains(wanted), "{html}");
            assert_eq!(language, told, "{text}");
        }
    }

    fn with_template(name: &str, text: &str) -> Result<TeraPages, PagesError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        TeraPages::load(Some(folder.path()), "Title", "social.example")
    }

    #[test]
    fn old_template_syntax_stops_the_start_with_file_line_and_new_spelling() {
        let old = "{% extends \"base.html\" %}\n{% block main %}\n{% set around = \"{} and {}\" | split(pat=\"{}\") %}\n\
                   {{ around.0 }}{{ code }}\n{{ around.1 | linebreaksbr }}{% endblock main %}";
        let error = with_template("code.html", old).err().unwrap().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines.len(), 3, "{error}");
        let list = "Tera 2 writes list elements with brackets: ";
        assert!(lines[0].ends_with(&format!("/code.html:4: {list}`around[0]` instead of `around.0`")), "{error}");
        assert!(lines[1].ends_with(&format!("/code.html:5: {list}`around[1]` instead of `around.1`")), "{error}");
        assert!(lines[2].contains("/code.html:5: ") && lines[2].contains("`newlines_to_br`"), "{error}");
        let new = old.replace(".0", "[0]").replace(".1", "[1]").replace("linebreaksbr", "newlines_to_br");
        assert!(with_template("code.html", &new).is_ok());
    }

    /// Absent members of absent members were absent before Tera 2.
    #[test]
    fn a_member_of_what_is_absent_stops_the_start_with_the_new_spelling() {
        for (old, new, wanted) in [
            (
                "{% if nobody.name %}{% endif %}",
                "{% if nobody?.name %}{% endif %}",
                "`nobody?.name` instead of `nobody.name`",
            ),
            (
                "\n{% if current.account.username %}{% endif %}",
                "{% if current.account?.username %}{% endif %}",
                "sign_in.html:2: Field `account` is not defined. If it may be absent, Tera 2 wants `current.account?.username`",
            ),
            ("{% if nobody[0] %}{% endif %}", "{% if nobody?[0] %}{% endif %}", "`nobody?[0]` instead of `nobody[0]`"),
        ] {
            let error = with_template("sign_in.html", old).err().unwrap().to_string();
            assert!(error.contains(wanted), "{error}");
            assert!(with_template("sign_in.html", new).is_ok(), "{new}");
        }
    }

    #[test]
    fn page_templates_load_error_names_the_broken_override_file() {
        for (name, text, wanted) in [
            ("codes.html", "", "replaces no template"),
            ("code.html", "a\n{% if %}", "code.html:2: "),
            ("code.html", "{{ code | twice }}\n{{ code | thrice }}", "code.html:2: Unknown filter `thrice`"),
            ("code.html", "{{ nobody_has_this }}", "nobody_has_this"),
            ("code.html", "{% extends \"missing.html\" %}", "missing.html"),
            (
                "base.html",
                &format!("{}{{{{ instance_titel }}}}", BUILT_IN[0].1),
                "base.html:25: Variable `instance_titel`",
            ),
            (
                "base.html",
                "{% block title %}{% endblock %}",
                "Missing: `{% block head %}{% endblock head %}`, `{% block main",
            ),
        ] {
            let error = with_template(name, text).err().unwrap().to_string();
            assert!(error.contains(wanted), "{error}");
            assert!(error.contains(name), "{error}");
        }
        let missing = TeraPages::load(Some(Path::new("/nowhere/at/all")), "Title", "social.example").err().unwrap();
        assert!(missing.to_string().starts_with("/nowhere/at/all: cannot be read"), "{missing}");
    }
}
