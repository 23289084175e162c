//! One worker's application: the one list of what is mounted.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::ServiceConfig;
use actix_web::{App, middleware, web};
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{RouteList, Routes};
use lysand_auth::web::{documents, mounted, with_doubled_slashes, with_request_id};

use super::draining::Draining;
use super::{guard, health};
use crate::state::{SURFACES, State};
use crate::{api, site};

/// The library's routes, then ours, then what matches whatever the others do not, in this order.
pub fn app(
    state: State,
    draining: Draining,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::new(draining))
        .app_data(web::Data::new(route_list(&state)))
        .app_data(web::Data::new(site::demo::DemoApp::default()))
        .app_data(web::Data::new(site::server_sign_in::OwnApp::default()))
        .wrap(middleware::from_fn(guard::guard))
        .wrap(middleware::from_fn(with_request_id))
        .configure(lysand_auth::web::mount(state.auth.clone(), SURFACES))
        .configure(|config: &mut ServiceConfig| {
            let own = own_routes(&state);
            own.iter().for_each(|routes| routes.mount(config));
            with_doubled_slashes(config, &own);
        })
        .configure(site::setup::routes(&state))
        .configure(site::assets::routes(&state))
        .configure(|config: &mut ServiceConfig| api::not_found::routes(&state).mount(config))
        .configure(site::frontend_fallback::routes(&state))
        .configure(site::not_found::routes(&state))
        .app_data(web::Data::new(state))
}

/// The reference server's routes that are not the library's, not the last to match, and not of a kind of their own.
fn own_routes(state: &State) -> [Routes; 10] {
    [
        health::routes(state),
        site::home::routes(state),
        site::about::routes(state),
        site::account::routes(state),
        site::server_sign_in::routes(state),
        site::demo::routes(state),
        site::public_profile::routes(state),
        documents::account_routes(&state.auth),
        api::mastodon::routes(state),
        api::discovery::routes(state),
    ]
}

/// All paths with their surfaces; those that no other route matches are answered by the last three, which are one of the API
/// and, as pages, closed to other origins (Mastodon §17).
pub(super) fn route_list(state: &State) -> RouteList {
    let mut list = mounted(&state.auth, SURFACES);
    let own = own_routes(state);
    list.extend(own.iter().flat_map(Routes::mounted).cloned());
    list.with("/.well-known/{rest:.*}", AnswerKind::Public).with("/api/{rest:.*}", AnswerKind::Api)
}
