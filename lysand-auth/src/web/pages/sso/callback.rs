//! A browser goes to a provider, and comes back (Lysand §8, §9).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::flows::sso;
use crate::flows::sso::callback::{Callback, CallbackError, CallbackOutcome, ReportTo, SignedIn};
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, CheckedRequest};
use crate::model::identity::Hints;
use crate::model::session::SessionId;
use crate::web::lysand::sign_in as frontend;
use crate::web::lysand::sso::{depart, issuer};
use crate::web::pages::authorize::{self as pages, ECHOED};
use crate::web::pages::sso::confirm_link;
use crate::web::pages::sso::link_result::{linked, not_linked};
use crate::web::wire::cookies;
use crate::web::wire::extract;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{self, ApiError, with_query};

/// `GET /oauth/sso`: a plain link starts a sign-in (Lysand §8)
pub(crate) async fn start(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let provider = frontend::shape(params.text("issuer"));
    Ok(begin(&auth, &req, &params, provider).await)
}

/// `POST /oauth/sso`
pub(crate) async fn start_by_form(
    auth: Data<Auth>,
    req: HttpRequest,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    extract::same_origin(&req, &auth)?;
    start(auth, req, received).await
}

/// `POST /oauth/sso/:issuer`
pub(crate) async fn start_at(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    extract::same_origin(&req, &auth)?;
    let params = received.0?;
    let provider = issuer(&req);
    Ok(begin(&auth, &req, &params, Ok(Some(provider))).await)
}

async fn begin(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    provider: Result<Option<String>, Error>,
) -> HttpResponse {
    let outcome = async {
        params.known_type()?;
        let (provider, request) = (provider?, frontend::shape(request(params))?);
        let source = extract::source(req, auth.config());
        let redirect = sso::sign_in(auth, provider.as_deref(), request, source).await?;
        depart(auth, &redirect)
    };
    outcome.await.unwrap_or_else(|error| {
        let echoed = params.echo(&[&ECHOED[..], &["issuer"]].concat());
        frontend::to_login_page_with(auth, req, &params.reader(req), echoed, error)
    })
}

/// The authorization request; its scope in any of the shapes that frontends send (Lysand §2).
fn request(params: &Params) -> Result<AuthorizationRequest, Error> {
    let scope = match params.words("scope")? {
        None => params.words("scopes")?,
        some => some,
    };
    Ok(AuthorizationRequest { scope, ..pages::request_without_scope(params)? })
}

/// `GET /oauth/sso/:issuer/callback` (Lysand §9)
pub(crate) async fn callback(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let parts = async {
        let before = cookies::optional(&auth, req.headers()).await?;
        let params = received.0?;
        // What cannot be read is no flow of ours; where to say so is a hint all the same.
        let callback =
            taken_apart(&req, &params).unwrap_or_else(|_| Callback::unreadable(issuer(&req), params.flag("link")));
        Ok((callback, before.session().map(|session| session.id.clone())))
    };
    match parts.await {
        Ok((callback, replaces)) => answer(&auth, &req, &callback, replaces).await,
        Err(error) => error_page(&auth, &req, &error),
    }
}

async fn answer(auth: &Auth, req: &HttpRequest, callback: &Callback, replaces: Option<SessionId>) -> HttpResponse {
    let finished = async {
        let flow = sso::callback::identify(auth, callback).await?;
        let (id, cookie) = (flow.id().to_owned(), cookies::bound(auth, req.headers(), flow.id()));
        let redeemed = sso::callback::redeem(auth, flow, cookie.as_ref(), callback).await?;
        Ok((id, sso::callback::finish(auth, redeemed, replaces).await?))
    };
    match finished.await {
        Ok((flow_id, outcome)) => {
            reply_to(auth, req, &flow_id, &outcome).unwrap_or_else(|error| error_page(auth, req, &error))
        }
        Err(error) => report_error(auth, req, &error),
    }
}

/// What the browser gets for a good callback. The cookie of the flow has served, unless the link awaits confirmation.
fn reply_to(auth: &Auth, req: &HttpRequest, flow_id: &str, outcome: &CallbackOutcome) -> Result<HttpResponse, Error> {
    let (mut reply, more) = match outcome {
        CallbackOutcome::AwaitsConfirmation { flow_id, browser } => {
            let page = auth.config().base_url.join(confirm_link::PATH);
            let mut reply = reply::redirect(&with_query(&page, [("flow_id", flow_id.as_str())]));
            cookies::add(&mut reply, &cookies::binding(auth, flow_id, browser))?;
            return Ok(reply);
        }
        CallbackOutcome::Linked => (linked(auth), None),
        CallbackOutcome::SignedIn(signed_in) => {
            let reply = match signed_in.step.missing {
                None => {
                    let reader = Params::of_query(req).reader(req);
                    pages::approved(auth, &reader, &signed_in.request, &signed_in.step.code)
                }
                Some(_) => reply::redirect(&consent_location(auth, signed_in)),
            };
            (reply, Some(cookies::session(auth, signed_in.cookie.expose())))
        }
    };
    if let Some(cookie) = more {
        cookies::add(&mut reply, &cookie)?;
    }
    cookies::add(&mut reply, &cookies::unbound(auth, flow_id))?;
    Ok(reply)
}

fn taken_apart(req: &HttpRequest, params: &Params) -> Result<Callback, Error> {
    let flow_id = match (params.text("flow_id")?, params.text("flow")?) {
        (Some(one), Some(other)) if one != other => {
            return Err(Error::refused(Code::InvalidRequest, "Invalid flow"));
        }
        (one, other) => one.or(other),
    };
    Ok(Callback {
        provider: issuer(req),
        hints: Hints {
            flow_id,
            client_id: params.text("client_id")?,
            link: params.flag("link"),
            user_id: params.text("user_id")?,
        },
        state: params.secret("state")?,
        code: params.secret("code")?,
        iss: params.text("iss")?,
        error: params.text("error")?,
        error_description: params.last_text("error_description"),
    })
}

/// The consent page's address after a sign-in (Lysand §9.1): `website` is there even when the app has none.
fn consent_location(auth: &Auth, signed_in: &SignedIn) -> String {
    let (app, checked) = (&signed_in.app, &signed_in.request);
    let scopes = checked.scopes.to_string();
    let mut query = vec![
        ("redirect_uri", checked.redirect_uri.as_str()),
        ("code", signed_in.step.code.expose()),
        ("client_id", &app.client_id),
        ("application", &app.name),
        ("website", app.website.as_deref().unwrap_or_default()),
        ("scope", &scopes),
    ];
    let known = ["client_id", "redirect_uri"];
    query.extend(pages::request_pairs(app, checked).into_iter().filter(|(name, _)| !known.contains(name)));
    with_query(&auth.config().consent_page(), query)
}

fn error_page(auth: &Auth, req: &HttpRequest, error: &Error) -> HttpResponse {
    pages::error_page(auth, &Params::of_query(req).reader(req), error, None)
}

/// Tells the person what went wrong, where the contract wants it told.
fn report_error(auth: &Auth, req: &HttpRequest, failed: &CallbackError) -> HttpResponse {
    let Error::Refused(refusal) = &failed.error else {
        return error_page(auth, req, &failed.error);
    };
    let name = failed.name.unwrap_or(refusal.code.oauth_name());
    match (refusal.code, &failed.report_to) {
        (Code::Validation, _) => ApiError(Error::Refused(refusal.clone())).error_response(),
        (Code::Unavailable | Code::TooManyRequests, _) => error_page(auth, req, &failed.error),
        (_, ReportTo::HomePage) => not_linked(auth, refusal),
        (_, ReportTo::SignInPage) => to_login(auth, Vec::new(), name, refusal),
        (_, ReportTo::SignInPageFor(app, checked)) => to_login(auth, asked(app, checked), name, refusal),
    }
}

fn asked(app: &App, checked: &CheckedRequest) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut pairs: Vec<_> = pages::request_pairs(app, checked).into_iter().map(owned).collect();
    pairs.push(("scope".into(), checked.scopes.to_string()));
    pairs
}

fn to_login(auth: &Auth, mut pairs: Vec<(String, String)>, name: &str, refusal: &Refusal) -> HttpResponse {
    pairs.push(("error".into(), name.into()));
    pairs.push(("error_description".into(), refusal.why.clone().into_owned()));
    reply::redirect(&pages::login_location(auth, &pairs))
}
