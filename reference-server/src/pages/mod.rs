//! The hosted pages: the library's typed contexts through Tera templates.
//!
//! The templates are compiled in. `frontend.templates_dir` replaces single ones by files of the same name, which get
//! the same context. Every page is rendered once with samples, in every language, before the server starts, so that a
//! template that cannot work stops the start and not a person's sign-in.

pub mod contexts;
mod error;
mod locales;
mod old_syntax;
mod parsed;
mod positions;
mod samples;
mod shown_to;
#[cfg(test)]
mod snapshots;
mod sources;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError as _};
use async_trait::async_trait;
use lysand_auth::Error;
use lysand_auth::host::HostResult;
use lysand_auth::host::pages::{HtmlPage, Page, PageReply, PageRequest, Pages};
use lysand_auth::web::ApiError;
use serde::Serialize;

pub use self::error::PagesError;
pub use self::locales::Catalogue;
pub(crate) use self::locales::register_functions as register_filters;
#[cfg(test)]
pub(crate) use self::locales::tests::{catalogue_faults, template_texts};
use self::locales::{ENGLISH, ENGLISH_NAME};
use self::parsed::ParsedPages;
pub use self::positions::Position;
pub use self::shown_to::ShownTo;
pub(crate) use self::sources::mail_overrides;
use crate::assets::OwnAsset;
use crate::settings::Branding;

/// The pages, parsed when the server starts and when they are [read again](Self::reload).
pub struct TeraPages {
    host: String,
    parsed: RwLock<Arc<ParsedPages>>,
}

impl TeraPages {
    /// Loads the built-in templates and those of `templates_dir` over them. `host` is what handles end in.
    ///
    /// # Errors
    /// When a file cannot be read, replaces nothing or does not work as a template.
    pub fn load(templates_dir: Option<&Path>, instance_title: &str, host: &str) -> Result<Self, PagesError> {
        Self::load_branded(templates_dir, instance_title, host, &Branding::default())
    }

    /// The same with the face that an admin gives to the pages.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_branded(
        templates_dir: Option<&Path>,
        instance_title: &str,
        host: &str,
        branding: &Branding,
    ) -> Result<Self, PagesError> {
        let parsed = RwLock::new(Arc::new(ParsedPages::load(templates_dir, instance_title, host, branding)?));
        Ok(Self { host: host.to_owned(), parsed })
    }

    /// The admin's own file of this name below `/assets/`.
    #[must_use]
    pub fn own_asset(&self, name: &str) -> Option<Arc<OwnAsset>> {
        self.parsed().file(name)
    }

    /// Reads all templates again, and shows them with this title and this face.
    ///
    /// # Errors
    /// As [`load`](Self::load); the pages stay as they were then.
    pub fn reload(
        &self,
        templates_dir: Option<&Path>,
        instance_title: &str,
        branding: &Branding,
    ) -> Result<(), PagesError> {
        let fresh = Arc::new(ParsedPages::load(templates_dir, instance_title, &self.host, branding)?);
        *self.parsed.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn parsed(&self) -> Arc<ParsedPages> {
        Arc::clone(&self.parsed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The catalogue of each language, English first.
    pub(crate) fn catalogues(&self) -> Vec<(&'static str, Arc<Catalogue>)> {
        self.parsed().catalogues()
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
        self.parsed().render_in(language, template, context)
    }

    /// A page for a reader, or why it cannot be shown.
    fn shown<T: Serialize>(
        &self,
        to: ShownTo<'_>,
        template: &str,
        context: &T,
    ) -> HostResult<(String, Option<&'static str>)> {
        self.parsed().render_for(to, template, context).map_err(|error| positions::in_one_line(&error, template).into())
    }

    /// Answers with a page of this server's own; a page that fails is a failure of the server.
    pub fn reply<'a, T: Serialize>(
        &self,
        to: impl Into<ShownTo<'a>>,
        status: StatusCode,
        template: &str,
        context: &T,
    ) -> HttpResponse {
        let (html, language) = match self.parsed().render_for(to.into(), template, context) {
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
    pub fn library_page<'a>(&self, page: &Page<'_>, to: impl Into<ShownTo<'a>>) -> HostResult<HtmlPage> {
        let to = to.into();
        let rendered = match page {
            Page::SignIn(page) => self.shown(to, "sign_in.html", page),
            Page::ChooseAccount(page) => self.shown(to, "choose_account.html", page),
            Page::Consent(page) => self.shown(to, "consent.html", page),
            Page::Device(page) => self.shown(to, "device.html", page),
            Page::ProgramSignIn(page) => self.shown(to, "program_sign_in.html", page),
            Page::Code(page) => self.shown(to, "code.html", page),
            Page::ConfirmLink(page) => self.shown(to, "confirm_link.html", page),
            Page::FormPost(page) => self.shown(to, "form_post.html", page),
            Page::AuthorizedApplications(page) => self.shown(to, "authorized_applications.html", page),
            Page::Error(page) => self.shown(to, "trouble.html", page),
            Page::SignUp(page) => self.shown(to, "register.html", page),
            Page::Waiting(page) => self.shown(to, "waiting.html", page),
            Page::ConfirmAddress(page) => self.shown(to, "confirm_address.html", page),
            Page::Forgot(page) => self.shown(to, "forgot.html", page),
            Page::Reset(page) => self.shown(to, "reset.html", page),
            Page::ConfirmIdentity(page) => self.shown(to, "confirm_identity.html", page),
            Page::Password(page) => self.shown(to, "password.html", page),
            Page::Invitations(page) => self.shown(to, "invitations.html", page),
            Page::Close(page) => self.shown(to, "close.html", page),
            Page::Export(page) => self.shown(to, "export.html", page),
            Page::Tokens(page) => self.shown(to, "tokens.html", page),
            Page::Profile(page) => self.shown(to, "profile.html", page),
            Page::Activity(page) => self.shown(to, "activity.html", page),
            Page::Sessions(page) => self.shown(to, "sessions.html", page),
            Page::EndEverything(page) => self.shown(to, "end_everything.html", page),
            Page::EndApps(page) => self.shown(to, "end_apps.html", page),
            Page::SignOut(page) => self.shown(to, "sign_out.html", page),
            Page::Email(page) => self.shown(to, "email.html", page),
            Page::Address(page) => self.shown(to, "address.html", page),
            Page::Factor(page) => self.shown(to, "factor.html", page),
            Page::EmailCode(page) => self.shown(to, "email_code.html", page),
            Page::Enrol(page) => self.shown(to, "enrol.html", page),
            Page::Review(page) => self.shown(to, "review.html", page),
            Page::WayBack(page) => self.shown(to, "way_back.html", page),
            Page::Security(page) => self.shown(to, "security.html", page),
            Page::SignUpPasskey(page) => self.shown(to, "register_passkey.html", page),
            Page::Passkey(page) => self.shown(to, "passkey.html", page),
            Page::Totp(page) => self.shown(to, "totp.html", page),
            Page::RecoveryCodes(page) => self.shown(to, "recovery_codes.html", page),
            Page::Message(page) => self.shown(to, "message.html", page),
            page => self.page_of_staff(page, to),
        };
        let (html, language) = rendered?;
        let page = HtmlPage::new(html);
        Ok(match language {
            Some(language) => page.in_language(language),
            None => page,
        })
    }

    /// The same for the pages of those who run the server.
    fn page_of_staff(&self, page: &Page<'_>, to: ShownTo<'_>) -> HostResult<(String, Option<&'static str>)> {
        match page {
            Page::AdminHome(page) => self.shown(to, "admin_home.html", page),
            Page::AdminRequests(page) => self.shown(to, "admin_requests.html", page),
            Page::AdminAccounts(page) => self.shown(to, "admin_accounts.html", page),
            Page::AdminAccount(page) => self.shown(to, "admin_account.html", page),
            Page::AdminNewAccount(page) => self.shown(to, "admin_new_account.html", page),
            Page::AdminAct(page) => self.shown(to, "admin_act.html", page),
            Page::AdminSettings(page) => self.shown(to, "admin_settings.html", page),
            Page::AdminInvitations(page) => self.shown(to, "admin_invitations.html", page),
            Page::AdminApps(page) => self.shown(to, "admin_apps.html", page),
            Page::AdminApp(page) => self.shown(to, "admin_app.html", page),
            Page::AdminMails(page) => self.shown(to, "admin_mails.html", page),
            Page::AdminMail(page) => self.shown(to, "admin_mail.html", page),
            Page::AdminEvents(page) => self.shown(to, "admin_events.html", page),
            Page::AdminBlocks(page) => self.shown(to, "admin_blocks.html", page),
            Page::AdminConfirm(page) => self.shown(to, "admin_confirm.html", page),
            _ => Err("this version has no template for that page".into()),
        }
    }
}

#[async_trait]
impl Pages for TeraPages {
    fn languages(&self) -> Vec<String> {
        TeraPages::languages(self).map(|(tag, _)| tag.to_owned()).collect()
    }

    async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply> {
        self.library_page(page, request).map(PageReply::from)
    }
}

#[cfg(test)]
mod tests {
    use lysand_auth::host::pages::{CodePage, Reader};

    use super::sources::{BUILT_IN, NO_PAGES};
    use super::*;

    const MARKUP: &str = "<script>alert(\"1\")</script>'&";

    fn in_all_languages(pages: &TeraPages, text: &'static str) -> Vec<(&'static str, &'static str, serde_json::Value)> {
        let samples = || samples::all(text);
        let each = |(language, _): (&'static str, &'static str)| {
            samples().into_iter().map(move |(template, context)| (language, template, context))
        };
        pages.languages().flat_map(each).collect()
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
        for (name, _) in BUILT_IN.iter().filter(|(name, _)| !NO_PAGES.contains(name)) {
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
                "base.html:44: Variable `instance_titel`",
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
