//! The hosted pages: the library's typed contexts through Tera templates.
//!
//! The templates are compiled in. `frontend.templates_dir` replaces single ones by files of the same name, which get
//! the same context. Every page is rendered once with samples, in every language, before the server starts, so that a
//! template that cannot work stops the start and not a person's sign-in.

pub mod contexts;
mod locales;
mod samples;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError as _};
use lysand_auth::Error;
use lysand_auth::host::HostResult;
use lysand_auth::host::pages::{Page, PageReply, Pages, Reader};
use lysand_auth::web::ApiError;
use serde::Serialize;
use tera::{Context, Tera};

#[cfg(test)]
pub(crate) use self::locales::tests::{catalogue_faults, template_texts};
use self::locales::{Catalogue, ENGLISH, ENGLISH_NAME};
use crate::assets::PageAssets;

macro_rules! templates {
    ($($name:literal,)+) => {
        /// The built-in templates by name.
        const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../templates/", $name))),)+];
    };
}

templates! {
    "base.html",
    "sign_in.html",
    "consent.html",
    "code.html",
    "confirm_link.html",
    "form_post.html",
    "authorized_applications.html",
    "trouble.html",
    "setup.html",
    "home.html",
    "account.html",
    "demo.html",
}

/// Why the pages cannot be shown. Each names the file to look at.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file in `frontend.templates_dir` replaces nothing.
    #[error("{}: replaces no template; the names are {known}", file.display())]
    Unknown {
        /// The file.
        file: PathBuf,
        /// The names of all templates.
        known: String,
    },
    /// A template does not parse, or cannot be rendered.
    #[error("{file}: {why}")]
    Broken {
        /// The file, or the name of a built-in template.
        file: String,
        /// What the template engine says.
        why: String,
    },
}

/// The pages, parsed once.
pub struct TeraPages {
    /// The templates, whose filters speak the language of the moment.
    tera: Tera,
    /// English first.
    languages: Vec<(&'static str, Arc<Catalogue>)>,
    /// The templates that translate their texts; the others are in English, or in what language their admin writes.
    translating: Vec<&'static str>,
    /// What every template gets beside its own context and its `lang`.
    frame: Context,
}

impl TeraPages {
    /// Loads the built-in templates and those of `templates_dir` over them.
    ///
    /// # Errors
    /// When a file cannot be read, replaces nothing or does not work as a template.
    pub fn load(templates_dir: Option<&Path>, instance_title: &str) -> Result<Self, PagesError> {
        let overrides = templates_dir.map(read_overrides).transpose()?.unwrap_or_default();
        let file_of =
            |name: &str| overrides.get(name).map_or_else(|| name.to_owned(), |(file, _)| file.display().to_string());
        let mut languages = vec![(ENGLISH, Arc::default())];
        for (language, _, text) in locales::BUILT_IN {
            let file = || format!("locales/{language}.toml");
            let parsed = Catalogue::parse(text);
            let catalogue = parsed.map_err(|error| PagesError::Broken { file: file(), why: error.to_string() })?;
            languages.push((*language, Arc::new(catalogue)));
        }
        let mut sources = Vec::new();
        for (name, built_in) in BUILT_IN {
            let text = overrides.get(*name).map_or(*built_in, |(_, text)| text.as_str());
            tera::Template::new(name, None, text).map_err(|error| broken(file_of(name), &error))?;
            sources.push((*name, text));
        }
        let mut tera = Tera::default();
        let translating = sources.iter().filter(|(_, text)| locales::translates(text)).map(|(name, _)| *name).collect();
        tera.add_raw_templates(sources).map_err(|error| broken(all_files(&overrides), &error))?;
        let mut frame = Context::new();
        frame.insert("instance_title", instance_title);
        frame.insert("assets", &PageAssets::new());
        locales::teach(&mut tera);
        let pages = Self { tera, languages, translating, frame };
        for (template, context) in samples::all("sample") {
            // A page that nobody replaced can still fail by its frame.
            let blamed = if overrides.contains_key(template) { template } else { "base.html" };
            let spoken = if pages.translating.contains(&template) { pages.languages.len() } else { 1 };
            for (language, _) in &pages.languages[..spoken] {
                pages.render_in(language, template, &context).map_err(|error| broken(file_of(blamed), &error))?;
            }
        }
        Ok(pages)
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
        let (language, catalogue) = known.ok_or_else(|| tera::Error::msg("a language without a catalogue"))?;
        let mut whole = Context::from_serialize(context)?;
        whole.extend(self.frame.clone());
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
            Err(error) => return ApiError(Error::failed(chain(&error))).error_response(),
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

impl Pages for TeraPages {
    fn show(&self, page: &Page<'_>, reader: &Reader) -> HostResult<PageReply> {
        let rendered = match page {
            Page::SignIn(page) => self.render_for(reader, "sign_in.html", page),
            Page::Consent(page) => self.render_for(reader, "consent.html", page),
            Page::Code(page) => self.render_for(reader, "code.html", page),
            Page::ConfirmLink(page) => self.render_for(reader, "confirm_link.html", page),
            Page::FormPost(page) => self.render_for(reader, "form_post.html", page),
            Page::AuthorizedApplications(page) => self.render_for(reader, "authorized_applications.html", page),
            Page::Error(page) => self.render_for(reader, "trouble.html", page),
        };
        let (html, language) = rendered.map_err(|error| chain(&error))?;
        Ok(PageReply::Html { html, language: language.map(str::to_owned) })
    }
}

type Overrides = BTreeMap<String, (PathBuf, String)>;

/// The files of the admin's own folder by name. Hidden files are left alone: editors and file managers put some there.
fn read_overrides(folder: &Path) -> Result<Overrides, PagesError> {
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        |source| PagesError::Unreadable { file, source }
    };
    let mut overrides = Overrides::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = entry.path();
        if name.starts_with('.') {
            continue;
        }
        if !BUILT_IN.iter().any(|(known, _)| *known == name) {
            let known = BUILT_IN.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            return Err(PagesError::Unknown { file, known });
        }
        let text = std::fs::read_to_string(&file).map_err(unreadable(&file))?;
        overrides.insert(name, (file, text));
    }
    Ok(overrides)
}

/// Where to look when templates do not fit each other: the engine's own text names the template.
fn all_files(overrides: &Overrides) -> String {
    overrides.values().map(|(file, _)| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn broken(file: String, error: &tera::Error) -> PagesError {
    PagesError::Broken { file, why: chain(error) }
}

/// The engine's error with its causes: the outermost alone says only which template it was.
fn chain(error: &tera::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use lysand_auth::host::pages::CodePage;

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
    fn every_text_from_outside_is_escaped() {
        let pages = TeraPages::load(None, MARKUP).unwrap();
        for (language, template, context) in in_all_languages(&pages, MARKUP) {
            let html = pages.render_in(language, template, &context).unwrap();
            assert!(html.contains("&lt;script&gt;"), "{template} shows the sample text");
            assert!(!html.contains("<script>"), "{template} leaves markup as it is");
            assert!(!html.contains("alert(\""), "{template} leaves quotes as they are");
        }
    }

    #[test]
    fn every_template_has_a_sample() {
        let sampled: Vec<_> = samples::all("x").into_iter().map(|(template, _)| template).collect();
        for (name, _) in BUILT_IN.iter().filter(|(name, _)| *name != "base.html") {
            assert!(sampled.contains(name), "{name}");
        }
    }

    /// The policy of our pages forbids both (security WEB-6); a browser would drop them silently.
    #[test]
    fn pages_have_no_inline_style_or_script() {
        let pages = TeraPages::load(None, "Title").unwrap();
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
    fn a_file_of_the_same_name_replaces_a_template() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("code.html"), "own: {{ code }}").unwrap();
        std::fs::write(folder.path().join(".DS_Store"), "").unwrap();
        let pages = TeraPages::load(Some(folder.path()), "Title").unwrap();
        let context = serde_json::json!({ "code": "<b>" });
        assert_eq!(pages.render("code.html", &context).unwrap(), "own: &lt;b&gt;");
    }

    fn shown(pages: &TeraPages, page: &Page<'_>, asked: &str) -> (String, Option<String>) {
        match pages.show(page, &Reader::new(Some(asked), [])).unwrap() {
            PageReply::Html { html, language } => (html, language),
            PageReply::Elsewhere(place) => panic!("sent to {place}"),
        }
    }

    #[test]
    fn a_page_speaks_the_language_of_its_reader() {
        let pages = TeraPages::load(None, "Title").unwrap();
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
    fn a_template_that_translates_nothing_stays_as_it_is() {
        let code = Page::Code(CodePage { code: "abc" });
        for (text, wanted, told) in [
            ("{% extends \"base.html\" %}{% block main %}Your code{% endblock %}", "lang=\"en\"", None),
            ("{{ code | trim | title }}", "Abc", None),
            ("{{ lang }}: {{ \"Your code\" |t }}", "de: Ihr Code", Some("de".to_owned())),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("code.html"), text).unwrap();
            let pages = TeraPages::load(Some(folder.path()), "Title").unwrap();
            let (html, language) = shown(&pages, &code, "de");
            assert!(html.contains(wanted), "{html}");
            assert_eq!(language, told, "{text}");
        }
    }

    #[test]
    fn what_cannot_work_stops_the_start_and_names_the_file() {
        for (name, text, wanted) in [
            ("codes.html", "", "replaces no template"),
            ("code.html", "{% if %}", "code.html: "),
            ("code.html", "{{ nobody_has_this }}", "nobody_has_this"),
            ("code.html", "{% extends \"missing.html\" %}", "missing.html"),
            ("base.html", "{{ instance_titel }}", "instance_titel"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            let error = TeraPages::load(Some(folder.path()), "Title").err().unwrap().to_string();
            assert!(error.contains(wanted), "{error}");
            assert!(error.contains(name), "{error}");
        }
        let missing = TeraPages::load(Some(Path::new("/nowhere/at/all")), "Title").err().unwrap();
        assert!(missing.to_string().starts_with("/nowhere/at/all: cannot be read"), "{missing}");
    }
}
