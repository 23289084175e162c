//! The journey of a browser to a provider and back (Lysand §8, §9).

use std::cell::RefCell;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::flows::sso::{self, Arrival, Astray, Callback, Place};
use crate::model::app::App;
use crate::model::authorization::CheckedRequest;
use crate::model::identity::Hints;
use crate::texts;
use crate::web::kit::page;
use crate::web::kit::session::{self, SignedIn};
use crate::web::pages::authorization_request::request_pairs;
use crate::web::pages::authorization_response::approved;
use crate::web::pages::login_redirect::redirect_with_error;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request::issuer;

/// `GET /oauth/sso/:issuer/callback` (Lysand §9)
pub(crate) async fn callback(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let before = match session::optional(&auth, req.headers()).await {
        Ok(before) => before,
        Err(error) => return page::error_page(&auth, &Params::of_query(&req).reader(&req), &error, None),
    };
    // What cannot be read is no flow of ours; where to say so is a hint all the same.
    let callback = received.0.map(|params| {
        let link = params.flag("link");
        taken_apart(&req, &params).unwrap_or_else(|_| Callback {
            provider: issuer(&req),
            hints: Hints { flow_id: Some(String::new()), link, ..Hints::default() },
            ..Callback::default()
        })
    });
    let callback = match callback {
        Ok(callback) => callback,
        Err(error) => return page::error_page(&auth, &Params::of_query(&req).reader(&req), &error, None),
    };
    arrive(&auth, &req, callback, before).await
}

async fn arrive(auth: &Auth, req: &HttpRequest, callback: Callback, before: SignedIn) -> HttpResponse {
    let flow = RefCell::new(None);
    let cookie = |flow_id: &str| {
        *flow.borrow_mut() = Some(flow_id.to_owned());
        cookies::flow_cookie(auth, req.headers(), flow_id)
    };
    let replaces = before.session().map(|session| session.id.clone());
    let arrival = sso::arrive(auth, callback, &cookie, replaces).await;
    let answered = match &arrival {
        Err(astray) => return told(auth, req, astray),
        Ok(Arrival::AskOwner { flow_id, browser }) => {
            let page = auth.config().base_url.join(crate::web::pages::sso::confirm_link::PATH);
            let mut reply = redirect(&with_query(&page, [("flow_id", flow_id.as_str())]));
            cookies::set_flow_cookie(auth, &mut reply, flow_id, browser).map(|()| reply)
        }
        Ok(Arrival::Linked) => Ok(linked(auth)),
        Ok(Arrival::SignedIn(signed_in)) => {
            let mut reply = if signed_in.app.skips_consent() {
                approved(auth, &Params::of_query(req).reader(req), &signed_in.request, &signed_in.code)
            } else {
                redirect(&consent_location(auth, signed_in))
            };
            cookies::put_session(auth, &mut reply, &signed_in.cookie).map(|()| reply)
        }
    };
    let spent = flow.into_inner().filter(|_| !matches!(arrival, Ok(Arrival::AskOwner { .. })));
    let cleared = answered.and_then(|mut reply| match spent {
        Some(flow_id) => cookies::clear_flow_cookie(auth, &mut reply, &flow_id).map(|()| reply),
        None => Ok(reply),
    });
    cleared.unwrap_or_else(|error| page::error_page(auth, &Params::of_query(req).reader(req), &error, None))
}

fn taken_apart(req: &HttpRequest, params: &Params) -> Result<Callback, Error> {
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
fn consent_location(auth: &Auth, signed_in: &sso::SignedIn) -> String {
    let (app, checked) = (&signed_in.app, &signed_in.request);
    let scopes = checked.scopes.to_string();
    let mut query = vec![
        ("redirect_uri", checked.redirect_uri.as_str()),
        ("code", signed_in.code.expose()),
        ("client_id", &app.client_id),
        ("application", &app.name),
        ("website", app.website.as_deref().unwrap_or_default()),
        ("scope", &scopes),
    ];
    let known = ["client_id", "redirect_uri"];
    query.extend(request_pairs(app, checked).into_iter().filter(|(name, _)| !known.contains(name)));
    with_query(&auth.config().consent_page(), query)
}

/// `/?oidc_account_linked=true` (Lysand §9.2)
pub(crate) fn linked(auth: &Auth) -> HttpResponse {
    redirect(&with_query(&auth.config().home_page(), [("oidc_account_linked", "true")]))
}

/// `/?oidc_account_linking_error=…` (Lysand §9.2)
pub(crate) fn not_linked(auth: &Auth, refusal: &Refusal) -> HttpResponse {
    let title = match refusal.code {
        Code::AlreadyLinked => "Account already linked",
        _ => "Account linking error",
    };
    let pairs = [("oidc_account_linking_error", title), ("oidc_account_linking_error_message", &*refusal.why)];
    redirect(&with_query(&auth.config().home_page(), pairs))
}

/// Tells the person what went wrong, where the contract wants it told.
fn told(auth: &Auth, req: &HttpRequest, astray: &Astray) -> HttpResponse {
    let page = || page::error_page(auth, &Params::of_query(req).reader(req), &astray.error, None);
    let Error::Refused(refusal) = &astray.error else {
        return page();
    };
    match (refusal.code, &astray.place) {
        (Code::Validation, _) => ApiError(Error::Refused(refusal.clone())).error_response(),
        (Code::Unavailable | Code::TooManyRequests, _) => page(),
        (_, Place::Home) => not_linked(auth, refusal),
        (code, Place::Nowhere) => {
            redirect_with_error(auth, Vec::new(), astray.name.unwrap_or(code.oauth_name()), refusal)
        }
        (code, Place::App(app, checked)) => {
            redirect_with_error(auth, asked(app, checked), astray.name.unwrap_or(code.oauth_name()), refusal)
        }
    }
}

fn asked(app: &App, checked: &CheckedRequest) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut pairs: Vec<_> = request_pairs(app, checked).into_iter().map(owned).collect();
    pairs.push(("scope".into(), checked.scopes.to_string()));
    pairs
}
