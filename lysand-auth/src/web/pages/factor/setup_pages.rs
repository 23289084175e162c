//! The pages on which an authenticator app or a passkey is set up, and recovery codes are shown: of the own account, and of a
//! sign-in that waits for it (FAC-62, FAC-64, FAC-68, FAC-72).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;

use crate::error::{Code, Refusal};
use crate::flows::factors::passkeys::{self, PasskeySetup};
use crate::flows::factors::totp::{self, Setup};
use crate::host::pages::{FieldOnPage, Page, PasskeyPage, RecoveryCodesPage, TotpPage, WaitingSignIn};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::page::{View, show};

/// Whose page it is, and where its forms and links lead.
pub(crate) struct SetupPlace<'a> {
    pub(crate) username: &'a str,
    pub(crate) action: String,
    pub(crate) form_token: String,
    /// The page of the own factors, which it was reached from.
    pub(crate) security: Option<String>,
    /// The sign-in that waits for it.
    pub(crate) sign_in: Option<WaitingSignIn<'a>>,
}

/// What was typed, and what went wrong.
#[derive(Default)]
pub(crate) struct Typed {
    name: String,
    name_error: Option<&'static str>,
    code_error: Option<&'static str>,
    error: Option<&'static str>,
}

impl Typed {
    /// What to say of a code or a name that was refused; none when that is no matter of this page.
    pub(crate) fn of_totp(refusal: &Refusal, name: &str) -> Option<Self> {
        let typed = Self { name: name.to_owned(), ..Self::default() };
        match refusal.code {
            Code::WrongFactor => Some(Self { code_error: Some(texts::WRONG_FACTOR), ..typed }),
            Code::Validation if !totp::is_name(name) => Some(Self { name_error: Some(texts::BAD_NAME), ..typed }),
            Code::Validation => Some(Self { code_error: Some(texts::NO_CODE), ..typed }),
            _ => None,
        }
    }

    /// What to say of a passkey or a name that was refused; none when that is no matter of this page.
    pub(crate) fn of_passkey(refusal: &Refusal, name: &str) -> Option<Self> {
        match refusal.code {
            Code::WrongPasskey => Some(Self { error: Some(texts::WRONG_PASSKEY), ..Self::default() }),
            Code::Validation if !passkeys::is_name(name) => {
                Some(Self { name: name.to_owned(), name_error: Some(texts::BAD_NAME), ..Self::default() })
            }
            _ => None,
        }
    }

    fn status(&self) -> StatusCode {
        match self.name_error.is_some() || self.code_error.is_some() || self.error.is_some() {
            true => StatusCode::UNPROCESSABLE_ENTITY,
            false => StatusCode::OK,
        }
    }
}

fn field(required: bool, value: String, error: Option<&'static str>) -> FieldOnPage {
    FieldOnPage { asked: true, required, value, error: error.map(str::to_owned) }
}

/// An authenticator app is being set up.
pub(crate) async fn totp_page(view: View<'_>, place: SetupPlace<'_>, setup: &Setup, typed: Typed) -> HttpResponse {
    let (secret, status) = (setup.secret.expose(), typed.status());
    let groups = (0..secret.len()).step_by(4).filter_map(|at| secret.get(at..(at + 4).min(secret.len())));
    let page = Page::Totp(TotpPage {
        action: place.action,
        form_token: place.form_token,
        setup_id: &setup.id,
        username: place.username,
        qr_code: setup.qr_code.expose(),
        address: setup.address.expose(),
        groups: groups.collect(),
        code: field(true, String::new(), typed.code_error),
        name: field(false, typed.name, typed.name_error),
        error: typed.error,
        security: place.security,
        sign_in: place.sign_in,
    });
    private(show(view, &page, status, &[]).await)
}

/// A passkey is being added.
pub(crate) async fn passkey_page(
    view: View<'_>,
    place: SetupPlace<'_>,
    (setup, asks_two_step): (&PasskeySetup, bool),
    typed: Typed,
) -> HttpResponse {
    let status = typed.status();
    let page = Page::Passkey(PasskeyPage {
        action: place.action,
        form_token: place.form_token,
        setup_id: &setup.id,
        options: &setup.options,
        username: place.username,
        name: field(false, typed.name, typed.name_error),
        asks_two_step,
        error: typed.error,
        security: place.security,
        sign_in: place.sign_in,
    });
    private(show(view, &page, status, &[]).await)
}

/// Recovery codes, shown this once.
pub(crate) async fn codes_page(
    view: View<'_>,
    (codes, username): (&[Secret], &str),
    (notice, form_token): (Option<&'static str>, &str),
    (next, pending): (String, Option<&str>),
) -> HttpResponse {
    let page = Page::RecoveryCodes(RecoveryCodesPage {
        codes: codes.iter().map(Secret::expose).collect(),
        username,
        notice,
        download_action: Some(view.reader.keep("/account/security/recovery/download")),
        form_token: form_token.to_owned(),
        next,
        pending,
        lang: view.reader.asked.as_ref().map(|asked| asked.as_str().to_owned()),
    });
    private(show(view, &page, StatusCode::OK, &[]).await)
}

/// Recovery codes of an account that is not usable yet: nobody is signed in, so no file is made of them.
pub(crate) async fn codes_of_sign_up(view: View<'_>, codes: &[Secret], username: &str, next: String) -> HttpResponse {
    let page = Page::RecoveryCodes(RecoveryCodesPage {
        codes: codes.iter().map(Secret::expose).collect(),
        username,
        notice: None,
        download_action: None,
        form_token: String::new(),
        next,
        pending: None,
        lang: view.reader.asked.as_ref().map(|asked| asked.as_str().to_owned()),
    });
    private(show(view, &page, StatusCode::OK, &[]).await)
}

/// A page with a secret is kept by nobody, and no address of it is told.
pub(crate) fn private(mut reply: HttpResponse) -> HttpResponse {
    reply.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    reply
}
