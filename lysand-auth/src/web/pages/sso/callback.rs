//! A browser comes back from a provider (Lysand §9).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use crate::auth::Auth;
use crate::config::{Provider, ProviderResponseMode};
use crate::error::{Code, Error};
use crate::flows::login::Missing;
use crate::flows::sso;
use crate::flows::sso::callback::{Callback, CallbackError, CallbackOutcome, ReportTo, SignedIn};
use crate::model::identity::Hints;
use crate::model::session::{Browser, SignedInBrowser};
use crate::texts;
use crate::web::kit::page::{self, View};
use crate::web::kit::session;
use crate::web::pages::authorization_request::{another_was_meant, request_pairs, whole_request};
use crate::web::pages::authorization_response::approved;
use crate::web::pages::factor::location::to_factor;
use crate::web::pages::login_redirect::{redirect_with_error, to_waiting_page};
use crate::web::pages::sso::confirm_link;
use crate::web::pages::sso::link_result::{linked, not_linked};
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request::issuer;

/// `GET /oauth/sso/:issuer/callback` (Lysand §9)
pub(crate) async fn callback(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let parts = async {
        let before = session::even_without_factor(&auth, req.headers()).await?;
        let params = received.0?;
        // What cannot be read is no flow of ours; where to say so is a hint all the same.
        let callback =
            parse_callback(&req, &params).unwrap_or_else(|_| Callback::unreadable(issuer(&req), params.flag("link")));
        let browser = session::browser(&auth, &req, before.session());
        Ok((callback, session::unless_overdue(&auth, before).await?.0, browser))
    };
    match parts.await {
        Ok((callback, signed_in, browser)) => answer(&auth, &req, &callback, signed_in.as_ref(), browser).await,
        Err(error) => error_page(&auth, &req, &error).await,
    }
}

/// `POST /oauth/sso/:issuer/callback`: a provider with `response_mode = "form_post"` lets the browser post the answer across
/// sites, where it brings none of our cookies. It comes again by GET, with nothing of the form but what is needed (faults
/// C9).
pub(crate) async fn callback_by_form(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let id = issuer(&req);
    let is_expected = |provider: &&Provider| provider.response_mode == ProviderResponseMode::FormPost;
    if auth.config().sso.provider(&id).filter(is_expected).is_none() {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, OPTIONS")).finish();
    }
    let pairs = received.0.and_then(|params| {
        params.require_known_type()?;
        let member = |name: &'static str| Ok(params.text(name)?.map(|value| (name, value)));
        let found: Result<Vec<_>, Error> = ["code", "state", "iss", "error"].into_iter().map(member).collect();
        Ok(found?.into_iter().flatten().collect::<Vec<_>>())
    });
    match pairs {
        Ok(pairs) => {
            let place = auth.config().base_url.join(req.path());
            let place = with_query(&place, pairs.iter().map(|(name, value)| (*name, value.as_str())));
            HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
        }
        Err(error) => error_page(&auth, &req, &error).await,
    }
}

async fn answer(
    auth: &Auth,
    req: &HttpRequest,
    callback: &Callback,
    signed_in: Option<&SignedInBrowser>,
    browser: Browser,
) -> HttpResponse {
    let finished = async {
        let flow = sso::callback::identify(auth, callback).await?;
        let (id, cookie) = (flow.id().to_owned(), cookies::flow_cookie(auth, req.headers(), flow.id()));
        let redeemed = sso::callback::redeem(auth, flow, cookie.as_ref(), callback).await?;
        Ok((id, sso::callback::finish(auth, redeemed, signed_in, browser).await?))
    };
    match finished.await {
        Ok((flow_id, outcome)) => match reply_to(auth, req, &flow_id, &outcome).await {
            Ok(reply) => reply,
            Err(error) => error_page(auth, req, &error).await,
        },
        Err(error) => report_error(auth, req, &error).await,
    }
}

/// What the browser gets for a good callback. The cookie of the flow has served, unless the link awaits confirmation.
async fn reply_to(
    auth: &Auth,
    req: &HttpRequest,
    flow_id: &str,
    outcome: &CallbackOutcome,
) -> Result<HttpResponse, Error> {
    let mut reply = match outcome {
        CallbackOutcome::AwaitsConfirmation { flow_id, browser } => {
            let page = auth.config().base_url.join(confirm_link::PATH);
            let mut reply = redirect(&with_query(&page, [("flow_id", flow_id.as_str())]));
            cookies::set_flow_cookie(auth, &mut reply, flow_id, browser)?;
            return Ok(reply);
        }
        CallbackOutcome::AwaitsSignUp(awaits) => {
            let page = auth.config().base_url.join("/register/finish");
            let mut reply = redirect(&with_query(&page, [("flow_id", awaits.flow_id.as_str())]));
            cookies::set_flow_cookie(auth, &mut reply, &awaits.flow_id, &awaits.browser)?;
            return Ok(reply);
        }
        CallbackOutcome::Linked => linked(auth),
        CallbackOutcome::SignedIn(signed_in) => {
            let mut reply = match signed_in.step.missing {
                None => {
                    let reader = Params::of_query(req).reader(req);
                    {
                        let path = signed_in.request.return_path(&signed_in.app);
                        approved(View::new(auth, req, &reader), &path, &signed_in.step.code).await
                    }
                }
                Some(Missing::AccountMeant) => redirect(&another_was_meant(auth, &signed_in.app, &signed_in.request)),
                Some(_) => redirect(&consent_location(auth, signed_in)),
            };
            cookies::put_sign_in(auth, &mut reply, signed_in)?;
            reply
        }
    };
    cookies::clear_flow_cookie(auth, &mut reply, flow_id)?;
    Ok(reply)
}

fn parse_callback(req: &HttpRequest, params: &Params) -> Result<Callback, Error> {
    let flow_id = match (params.text("flow_id")?, params.text("flow")?) {
        (Some(one), Some(other)) if one != other => {
            return Err(Error::refused(Code::InvalidRequest, texts::INVALID_FLOW));
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
    query.extend(request_pairs(app, checked).into_iter().filter(|(name, _)| !known.contains(name)));
    with_query(&auth.config().consent_page(), query)
}

async fn error_page(auth: &Auth, req: &HttpRequest, error: &Error) -> HttpResponse {
    page::error_page(View::new(auth, req, &Params::of_query(req).reader(req)), error, None).await
}

/// Tells the person what went wrong, where the contract wants it told.
async fn report_error(auth: &Auth, req: &HttpRequest, failed: &CallbackError) -> HttpResponse {
    let Error::Refused(refusal) = &failed.error else {
        return error_page(auth, req, &failed.error).await;
    };
    let name = failed.name.unwrap_or(refusal.code.oauth_name());
    if let Some(claim) = &refusal.pending {
        return to_factor(auth, req, &Params::of_query(req).reader(req), claim).await;
    }
    if refusal.waiting_token.is_some() {
        return to_waiting_page(auth, &Params::of_query(req).reader(req), refusal);
    }
    match (refusal.code, &failed.report_to) {
        (Code::Validation, _) => ApiError(Error::Refused(refusal.clone())).error_response(),
        (Code::Unavailable | Code::TooManyRequests | Code::SignInRefused, _) => {
            error_page(auth, req, &failed.error).await
        }
        (_, ReportTo::HomePage) => not_linked(auth, refusal),
        (_, ReportTo::SignInPage) => redirect_with_error(auth, Vec::new(), name, refusal),
        (_, ReportTo::SignInPageFor(app, checked)) => {
            redirect_with_error(auth, whole_request(app, checked), name, refusal)
        }
    }
}
