//! As which account of the browser somebody goes on (FAC-122, FAC-126).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::accounts::{self as flow, BrowserAccount};
use crate::flows::authorize as authorization;
use crate::host::pages::{AccountChoice, ChooseAccountPage, Page, Reader};
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::session::{ListedAccount, SignedInBrowser};
use crate::secret::Secret;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{View, account_on_page, app_on_page, show};
use crate::web::kit::session::{self, SignedIn};
use crate::web::pages::authorization_request::{ECHOED, login_location, whole_request};
use crate::web::pages::sign_in_page::asks_password;
use crate::web::wire::accounts_cookie;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{pairs, with_query};
use crate::web::wire::request;

/// Goes on as the account that this names; without one, as the current account.
pub(crate) const CONTINUE: &str = "/oauth/authorize/continue";
/// Signs out of one account, and forgets it here.
pub(crate) const FORGET: &str = "/api/auth/accounts/forget";
/// The parameter of our sign-in page that says for which account of the browser it is, and the value for none of them.
pub(crate) const ACCOUNT: &str = "account";
const ANOTHER: &str = "another";

/// Whether the chooser stands before the sign-in page here: a frontend with a sign-in page of its own asks by itself (FAC-58).
pub(crate) fn is_shown(auth: &Auth, params: &Params) -> bool {
    let is_own = auth.config().frontend.origin.is_none();
    is_own && accounts_cookie::most(auth) > 1 && params.last_text(ACCOUNT).is_none()
}

/// The accounts of a browser, the hinted one first.
async fn accounts_of(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    meant: Option<&str>,
) -> Result<(Vec<BrowserAccount>, Vec<ListedAccount>), Error> {
    let found = flow::list(auth, &accounts_cookie::listed(auth, req.headers())).await?;
    let mut accounts = found.accounts;
    let hint = params.last_text("login_hint").filter(|hint| hint.chars().count() <= 320);
    let meant = meant.and_then(|hint| flow::meant_by(auth, &accounts, hint));
    let hinted = meant.or_else(|| hint.and_then(|hint| flow::hinted_at(&accounts, &hint)));
    flow::put_first(&mut accounts, hinted.as_ref());
    Ok((accounts, found.listed))
}

/// The name of the account of the browser that our sign-in page is for, to be filled in.
pub(crate) async fn wanted_name(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<Option<String>, Error> {
    let Some(wanted) = params.last_text(ACCOUNT) else { return Ok(None) };
    let (accounts, _) = accounts_of(auth, req, params, None).await?;
    Ok(accounts.into_iter().find(|listed| listed.name == wanted).map(|listed| listed.account.username))
}

/// The chooser; none where there is nothing to choose, or the account alone that is signed in, which the sign-in page offers.
pub(crate) async fn chooser(
    (view, current): (View<'_>, Option<&Account>),
    params: &Params,
    (app, echoed): (&App, &[(String, String)]),
    form_token: String,
) -> Result<Option<HttpResponse>, Error> {
    let (auth, req) = (view.auth, view.req);
    let meant = echoed.iter().find(|(name, _)| name == "account_hint").map(|(_, hint)| hint.as_str());
    let (accounts, listed) = accounts_of(auth, req, params, meant).await?;
    if accounts.iter().all(|listed| current.is_some_and(|current| current.id == listed.account.id)) {
        return Ok(None);
    }
    let choice = |listed: &'_ BrowserAccount| {
        let goes_on = listed.session.is_some() && !asks_password(params);
        Row { continue_action: goes_on.then(|| with_query(CONTINUE, pairs(echoed))), forgets: true }
    };
    let rows: Vec<Row> = accounts.iter().map(choice).collect();
    let page = Page::ChooseAccount(Box::new(ChooseAccountPage {
        form_token,
        app: app_on_page(app),
        changed: false,
        accounts: accounts.iter().zip(rows).map(|(listed, row)| row.shown(auth, listed, echoed)).collect(),
        another: Some(sign_in_for(auth, echoed, ANOTHER)),
        sign_out_action: (accounts.len() > 1).then(|| view.reader.keep("/api/auth/mastodon-logout")),
    }));
    let mut reply = show(view, &page, StatusCode::OK, echoed).await;
    accounts_cookie::put(auth, &mut reply, &listed)?;
    Ok(Some(reply))
}

/// What can be done with an account.
struct Row {
    continue_action: Option<String>,
    forgets: bool,
}

impl Row {
    fn shown<'a>(self, auth: &Auth, listed: &'a BrowserAccount, echoed: &[(String, String)]) -> AccountChoice<'a> {
        let has_to_sign_in = self.continue_action.is_none();
        AccountChoice {
            account: account_on_page(&listed.account),
            name: &listed.name,
            continue_action: self.continue_action,
            sign_in: has_to_sign_in.then(|| sign_in_for(auth, echoed, &listed.name)),
            forget_action: self.forgets.then(|| with_query(FORGET, pairs(echoed))),
        }
    }
}

/// The sign-in page for one account of the browser, or for none of them.
pub(crate) fn sign_in_for(auth: &Auth, echoed: &[(String, String)], account: &str) -> String {
    let mut query = echoed.to_vec();
    query.push((ACCOUNT.to_owned(), account.to_owned()));
    login_location(auth, &query)
}

/// The answer to a decision about a request that another account of this browser was asked about, because another one was chosen in
/// another tab meanwhile: never a yes in the wrong name (FAC-126). None when that is not so.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn instead_of_decision(form: &PostedForm) -> Result<Option<HttpResponse>, Error> {
    if form.prove_origin().is_err() {
        return Ok(None);
    }
    let browser = session::unless_overdue(&form.auth, form.signed_in_without_factor().await?).await?;
    let reader = form.reader();
    let view = View::new(&form.auth, &form.req, &reader);
    changed(view, &form.params, &browser, form.token()).await
}

/// The same for the page that shows the request.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn changed(
    view: View<'_>,
    params: &Params,
    browser: &SignedIn,
    form_token: String,
) -> Result<Option<HttpResponse>, Error> {
    let (auth, req) = (view.auth, view.req);
    let (Some(code), Some(now)) = (params.last_text("code").map(Secret::new), &browser.0) else { return Ok(None) };
    if accounts_cookie::most(auth) <= 1 {
        return Ok(None);
    }
    let Some((app, checked, whose)) = authorization::asked_of(auth, &code).await? else { return Ok(None) };
    let (accounts, _) = accounts_of(auth, req, params, None).await?;
    // Of a browser that never was signed in to that account nobody learns whose request it is.
    let Some(first) = accounts.iter().find(|listed| listed.account.id == whose && whose != now.account.id) else {
        return Ok(None);
    };
    let mut echoed = whole_request(&app, &checked);
    echoed.extend(params.echo(&ECHOED).into_iter().filter(|(name, _)| name == "lang"));
    let goes_on = || with_query(CONTINUE, pairs(&echoed));
    let rows = [
        Row { continue_action: first.session.as_ref().map(|_| goes_on()), forgets: false }.shown(auth, first, &echoed),
        AccountChoice {
            account: account_on_page(&now.account),
            name: "",
            continue_action: Some(goes_on()),
            sign_in: None,
            forget_action: None,
        },
    ];
    let page = Page::ChooseAccount(Box::new(ChooseAccountPage {
        form_token,
        app: app_on_page(&app),
        changed: true,
        accounts: rows.into(),
        another: None,
        sign_out_action: None,
    }));
    let reader: Reader = view.reader.clone().for_account(Some(&now.account));
    Ok(Some(show(View::new(auth, req, &reader), &page, StatusCode::CONFLICT, &[]).await))
}

/// Who goes on by a form: the account that it names, in the place of the current one; with the cookie of that.
///
/// # Errors
/// As [`flow::switch`].
pub(crate) async fn switched(
    form: &PostedForm,
    current: Option<SignedInBrowser>,
) -> Result<(Option<SignedInBrowser>, Option<Secret>), Error> {
    let Some(name) = form.text(ACCOUNT)? else { return Ok((current, None)) };
    let auth = &form.auth;
    if current.as_ref().is_some_and(|browser| flow::name_of(auth, &browser.account.id) == name) {
        return Ok((current, None));
    }
    let listed = accounts_cookie::listed(auth, form.req.headers());
    let caller = request::caller(&form.req, auth.config());
    let (browser, cookie) = flow::switch(auth, &listed, &name, &caller).await?;
    let browser = session::unless_overdue(auth, SignedIn(Some(browser))).await?;
    Ok((browser.0, Some(cookie)))
}

/// Whether going on came to nothing because the account is not signed in to any more.
pub(crate) fn has_ended(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal) if matches!(refusal.code, Code::SignInRequired | Code::NotFound))
}
