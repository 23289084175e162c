//! `GET /account`

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::error::Error;
use lysand_auth::flows::closing;
use lysand_auth::flows::credentials;
use lysand_auth::flows::invitations::{self, MayInvite};
use lysand_auth::flows::outbox;
use lysand_auth::flows::sso::{self, Linked};
use lysand_auth::host::accounts::{Account, Role};
use lysand_auth::host::pages::{AccountOnPage, Language, MomentOnPage, Reader};
use lysand_auth::web::{ApiError, FormSession, SignedIn, must_enrol, reader, way_back_notice};
use serde::Deserialize;

use crate::pages::TeraPages;
use crate::pages::contexts::{AccountPage, Actions, Identity, LanguageChoice, Links, Notice, NoticeKind};
use crate::paths::{
    ACCOUNT, ACCOUNT_ACTIVITY, ACCOUNT_CLOSE, ACCOUNT_EMAIL, ACCOUNT_EXPORT, ACCOUNT_LANGUAGE, ACCOUNT_LINK,
    ACCOUNT_PASSWORD, ACCOUNT_TOKENS, ACCOUNT_UNLINK, ADMIN, AUTHORIZED_APPLICATIONS, CONFIRM_FOR_ACCOUNT, HOME,
    INVITATIONS, PROFILE,
};
use crate::site::server_sign_in;
use crate::site::texts::{AccountNotice, CLOSING_CANCELLED};
use crate::state::State;

/// The query names a notice.
#[derive(Default, Deserialize)]
pub(super) struct PageQuery {
    notice: Option<String>,
}

/// Shows the page: the account's identities, what else can be linked, and the languages.
pub(super) async fn show(
    state: Data<State>,
    req: HttpRequest,
    form: FormSession,
    browser: SignedIn,
    query: Option<Query<PageQuery>>,
) -> Result<HttpResponse, ApiError> {
    let reader = reader(&req).for_account(browser.account());
    if must_enrol(&state.auth, &req).await? {
        return Ok(super::redirect::to_second_factors(&state, &reader));
    }
    if browser.account().is_none() {
        return Ok(server_sign_in::to_sign_in(&state, &reader, ACCOUNT));
    }
    let sso = &state.auth.config().sso;
    let linked = match &browser.0 {
        Some(browser) => sso::list(&state.auth, &browser.account.id).await?,
        None => Vec::new(),
    };
    let is_linked = |id: &str| linked.iter().any(|linked: &Linked| linked.provider.id == id);
    let others = sso.providers.iter().filter(|provider| !is_linked(&provider.id));
    let fresh = is_proven(&state, &browser).await?;
    let page = AccountPage {
        mail_refused: mail_refused(&state, browser.account()).await?,
        notices: notice(query).into_iter().chain(came_back(&state, &browser).await?).collect(),
        account: browser
            .account()
            .map(|account| AccountOnPage { username: &account.username, display_name: &account.display_name }),
        form_token: form.token(),
        offered: others.map(|provider| Identity { id: &provider.id, name: &provider.name, label: None }).collect(),
        linked: linked
            .iter()
            .map(|linked| Identity {
                id: &linked.provider.id,
                name: &linked.provider.name,
                label: linked.label.as_deref(),
            })
            .collect(),
        languages: languages(&state.pages, browser.account()),
        actions: actions(&reader),
        links: links(&state, &reader, browser.account()),
        fresh,
    };
    let way_back = way_back_notice(&state.auth, &req).await;
    Ok(state.pages.reply((&reader, way_back.as_ref()), StatusCode::OK, "account.html", &page))
}

/// Where the page leads on to.
fn links(state: &State, reader: &Reader, account: Option<&Account>) -> Links {
    let may_invite = |account| invitations::may_invite(&state.auth, account) != MayInvite::No;
    let invites = account.is_some_and(may_invite);
    Links {
        profile: reader.keep(PROFILE),
        invitations: invites.then(|| reader.keep(INVITATIONS)),
        tokens: state.auth.config().personal_tokens.enabled.then(|| reader.keep(ACCOUNT_TOKENS)),
        apps: reader.keep(AUTHORIZED_APPLICATIONS),
        password: (!state.auth.config().sso.forced).then(|| reader.keep(ACCOUNT_PASSWORD)),
        security: reader.keep(&state.auth.config().page_url("security")),
        email: reader.keep(ACCOUNT_EMAIL),
        sessions: reader.keep(&state.auth.config().page_url("sessions")),
        activity: reader.keep(ACCOUNT_ACTIVITY),
        export: reader.keep(ACCOUNT_EXPORT),
        close: reader.keep(ACCOUNT_CLOSE),
        confirm: reader.keep(CONFIRM_FOR_ACCOUNT),
        home: reader.keep(HOME),
        admin: account.filter(|account| is_led_to_admin(state, account)).map(|_| reader.keep(ADMIN)),
    }
}

/// Whether there are pages for this member of the staff.
fn is_led_to_admin(state: &State, account: &Account) -> bool {
    state.settings.admin.pages && account.role >= Role::Moderator
}

/// When mail to the account's address was refused for good, if none arrived since (people PPL-170).
async fn mail_refused(state: &State, account: Option<&Account>) -> Result<Option<MomentOnPage>, Error> {
    match account.and_then(|account| account.email.as_ref()) {
        Some(email) => Ok(outbox::refused_at(&state.auth, &email.address).await?.map(Into::into)),
        None => Ok(None),
    }
}

/// That the sign-in a moment ago kept the account from being deleted.
async fn came_back(state: &State, browser: &SignedIn) -> Result<Option<Notice>, Error> {
    let Some(browser) = &browser.0 else { return Ok(None) };
    let is_back = closing::was_cancelled_by(&state.auth, &browser.session).await?;
    Ok(is_back.then_some(Notice { kind: NoticeKind::Good, text: CLOSING_CANCELLED }))
}

fn notice(query: Option<Query<PageQuery>>) -> Option<Notice> {
    AccountNotice::named(query?.notice.as_deref()?).map(Notice::from)
}

/// What can be chosen, beside leaving it to the browser.
fn languages<'a>(pages: &'a TeraPages, account: Option<&Account>) -> Vec<LanguageChoice<'a>> {
    let own = account.and_then(|account| account.language.as_ref()).map(Language::as_str);
    pages.languages().map(|(tag, name)| LanguageChoice { tag, name, chosen: own == Some(tag) }).collect()
}

/// Where the forms post to.
fn actions(reader: &Reader) -> Actions {
    let keep = |path| reader.keep(path);
    Actions { link: keep(ACCOUNT_LINK), unlink: keep(ACCOUNT_UNLINK), language: keep(ACCOUNT_LANGUAGE) }
}

/// Whether whoever is signed in proved a moment ago to be there, as a change of the ways to sign in demands (security ID-12).
async fn is_proven(state: &State, browser: &SignedIn) -> Result<bool, Error> {
    match &browser.0 {
        Some(browser) => credentials::is_proven(&state.auth, browser).await,
        None => Ok(false),
    }
}
