//! The consent page: may this app act for you? (Lysand §3.2)

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorize as authorization;
use crate::flows::closing;
use crate::host::pages::{ConsentPage, LinkOnPage, Page, PasskeySignalOnPage};
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::authorization::CheckedRequest;
use crate::model::permission::permissions;
use crate::model::proofs::ProofKind;
use crate::secret::Secret;
use crate::texts::{CLOSING_CANCELLED, LOGO, PRIVACY_POLICY, REQUEST_OVER, TERMS_OF_SERVICE};
use crate::web::kit::form_session::FormSession;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, show};
use crate::web::kit::passkey_signals;
use crate::web::kit::session::{self, SignedIn};
use crate::web::pages::authorization_request::{login_location, request_of_form, request_pairs};
use crate::web::pages::choose_account;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{lang, redirect, with_query};

/// `GET /oauth/consent`
pub(crate) async fn consent(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = answer(&auth, &req, &form, received).await;
    PageError::render_or(reply, &auth, &req, &Params::of_query(&req)).await
}

async fn answer(
    auth: &Auth,
    req: &HttpRequest,
    form: &FormSession,
    received: Received,
) -> Result<HttpResponse, PageError> {
    let params = received.0?;
    let reader = params.reader(req);
    // A frontend's own page gets the query as it came, whoever is signed in here (Lysand §1).
    if auth.config().frontend.origin.is_some() {
        return Ok(redirect(&format!("{}?{}", auth.config().consent_page(), req.query_string())));
    }
    let echoed = request_of_form(auth, &params).await;
    let start_over = login_location(auth, &echoed);
    let browser = match session::for_sign_in(auth, req).await {
        Ok(SignedIn(Some(browser))) => browser,
        Ok(SignedIn(None)) => return Ok(redirect(&start_over)),
        Err(error) => return Err(PageError::from(error).read_by(&reader).starting_over(start_over)),
    };
    let reader = reader.for_account(Some(&browser.account));
    let code = Secret::new(params.last_text("code").unwrap_or_default());
    match authorization::pending(auth, &code, &browser).await {
        Ok((app, checked)) => {
            let is_back = closing::was_cancelled_by(auth, &browser.session).await.map_err(PageError::from)?;
            // Whoever signed in with a passkey has a browser that can be told.
            let signal = match browser.session.methods.contains(&ProofKind::Passkey.method()) {
                true => passkey_signals::signal(auth, &browser.account).await.map_err(PageError::from)?,
                false => None,
            };
            let pending = Pending { app, checked, code, notice: is_back.then_some(CLOSING_CANCELLED), signal };
            Ok(consent_page(View::new(auth, req, &reader), &browser.account, &pending, form.token()).await)
        }
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            let (view, signed_in) = (View::new(auth, req, &reader), SignedIn(Some(browser)));
            if let Some(page) = choose_account::changed(view, &params, &signed_in, form.token()).await? {
                return Ok(page);
            }
            let over = PageError::from(Error::refused(Code::InvalidGrant, REQUEST_OVER)).read_by(&reader);
            Err(if echoed.is_empty() { over } else { over.starting_over(start_over) })
        }
        Err(error) => Err(PageError::from(error).read_by(&reader)),
    }
}

/// A request that waits for the person's decision.
struct Pending {
    app: App,
    checked: CheckedRequest,
    code: Secret,
    notice: Option<&'static str>,
    signal: Option<PasskeySignalOnPage>,
}

async fn consent_page(
    view: View<'_>,
    account: &Account,
    Pending { app, checked, code, notice, signal }: &Pending,
    form_token: String,
) -> HttpResponse {
    let (reader, redirect_uri) = (view.reader, checked.redirect_uri.as_str());
    let mut action =
        vec![("client_id", app.client_id.as_str()), ("redirect_uri", redirect_uri), ("code", code.expose())];
    action.extend(lang(reader));
    let mut again = request_pairs(app, checked);
    again.push(("prompt", "select_account"));
    let scopes = checked.scopes.to_string();
    again.push(("scope", &scopes));
    again.extend(lang(reader));
    let page = Page::Consent(ConsentPage {
        notice: *notice,
        allow_action: with_query("/api/auth/redirect", action),
        deny_action: lang(reader)
            .map_or_else(|| "/oauth/authorize".into(), |lang| with_query("/oauth/authorize", [lang])),
        code: code.expose(),
        client_id: &app.client_id,
        redirect_uri,
        form_token,
        app: app_on_page(app),
        account: account_on_page(account),
        switch_account: with_query("/oauth/authorize", again),
        destination: checked.redirect_uri.destination(),
        permissions: permissions(&checked.scopes, &view.auth.config().scopes),
        links: links(app),
        signal: signal.clone(),
    });
    show(view, &page, StatusCode::OK, &[]).await
}

/// What the app says of itself elsewhere (RFC 7591 §2, faults A19).
pub(super) fn links(app: &App) -> Vec<LinkOnPage<'_>> {
    let links = &app.links;
    let each = [(PRIVACY_POLICY, &links.policy), (TERMS_OF_SERVICE, &links.terms), (LOGO, &links.logo)];
    each.into_iter().filter_map(|(label, address)| Some(LinkOnPage::new(label, address.as_deref()?))).collect()
}
