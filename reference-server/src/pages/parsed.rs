//! The templates of one moment, parsed and tried.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lysand_auth::host::pages::WayBackNotice;
use serde::Serialize;
use tera::{Context, Tera};

use super::error::PagesError;
use super::locales::{self, Catalogue, ENGLISH, ENGLISH_NAME};
use super::positions::Position;
use super::samples;
use super::shown_to::ShownTo;
use super::sources::Sources;
use crate::assets::{OwnAsset, PageAssets};
use crate::settings::Branding;

/// All templates, and the languages that they speak.
pub(super) struct ParsedPages {
    /// The templates, whose filters speak the language of the moment.
    tera: Tera,
    /// English first.
    languages: Vec<(&'static str, Arc<Catalogue>)>,
    /// The templates that translate their texts; the others are in English, or in what language their admin writes.
    translating: Vec<&'static str>,
    /// The admin's own files below `/assets/`, by name.
    files: BTreeMap<String, Arc<OwnAsset>>,
}

impl ParsedPages {
    /// Reads, parses and tries all templates.
    ///
    /// # Errors
    /// When a file cannot be read, replaces nothing or does not work as a template.
    pub(super) fn load(
        templates_dir: Option<&Path>,
        instance_title: &str,
        host: &str,
        branding: &Branding,
    ) -> Result<Self, PagesError> {
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
        tera.global_context().insert("assets", &PageAssets::with(&branding.files));
        tera.global_context().insert("legal_links", &branding.links);
        tera.add_raw_templates(sources.all()).map_err(|error| sources.broken(&error, None))?;
        let translating = sources.all().filter(|(_, text)| locales::translates(text)).map(|(name, _)| name).collect();
        let files = branding.files.iter().map(|file| (file.name.clone(), Arc::new(file.clone()))).collect();
        let pages = Self { tera, languages, translating, files };
        // Those that are built in were tried before there was this program.
        if sources.have_overrides() {
            pages.try_all(&sources)?;
        }
        Ok(pages)
    }

    /// Renders every template once in every language.
    fn try_all(&self, sources: &Sources) -> Result<(), PagesError> {
        for (template, context) in samples::all("sample") {
            let spoken = if self.translating.contains(&template) { self.languages.len() } else { 1 };
            for (language, _) in &self.languages[..spoken] {
                let rendered = self.render_in(language, template, &context);
                rendered.map_err(|error| sources.broken(&error, Some(template)))?;
            }
        }
        Ok(())
    }

    /// The catalogue of each language, English first.
    pub(super) fn catalogues(&self) -> Vec<(&'static str, Arc<Catalogue>)> {
        self.languages.clone()
    }

    /// The admin's own file of this name.
    pub(super) fn file(&self, name: &str) -> Option<Arc<OwnAsset>> {
        self.files.get(name).cloned()
    }

    /// Renders a template with its context, in a language.
    ///
    /// # Errors
    /// When there is no such template or language, or the template asks for what the context does not have.
    pub(super) fn render_in<T: Serialize>(
        &self,
        language: &str,
        template: &str,
        context: &T,
    ) -> Result<String, tera::Error> {
        self.render_with(language, template, context, None)
    }

    /// The same with what stands at the top of every page.
    pub(super) fn render_with<T: Serialize>(
        &self,
        language: &str,
        template: &str,
        context: &T,
        way_back: Option<&WayBackNotice>,
    ) -> Result<String, tera::Error> {
        let known = self.languages.iter().find(|(known, _)| *known == language);
        let (language, catalogue) = known.ok_or_else(|| tera::Error::message("a language without a catalogue"))?;
        let mut whole = Context::from_serialize(context)?;
        whole.insert("lang", language);
        whole.insert("way_back_notice", &way_back);
        catalogue.spoken(|| self.tera.render(template, &whole))
    }

    /// Renders a template for a reader. What translates nothing is shown as it is, and the answer names no language.
    ///
    /// # Errors
    /// As [`render_in`](Self::render_in).
    pub(super) fn render_for<T: Serialize>(
        &self,
        to: ShownTo<'_>,
        template: &str,
        context: &T,
    ) -> Result<(String, Option<&'static str>), tera::Error> {
        if !self.translating.contains(&template) {
            return Ok((self.render_with(ENGLISH, template, context, to.way_back)?, None));
        }
        let offered: Vec<&'static str> = self.languages.iter().map(|(language, _)| *language).collect();
        let language = to.reader.best_of(&offered).unwrap_or(ENGLISH);
        Ok((self.render_with(language, template, context, to.way_back)?, Some(language)))
    }
}
