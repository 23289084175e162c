//! One worker's application: the one list of what is mounted.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, middleware, web};

use lysand_auth::web::headers::Surface;
use lysand_auth::web::routes::RouteList;

use super::draining::Draining;
use super::{guard, health};
use crate::state::State;
use crate::{api, site};

/// The library's routes, then ours. The last three match whatever the others do not, in this order.
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
        .wrap(middleware::from_fn(guard::guard))
        .configure(lysand_auth::web::mount(state.auth.clone()))
        .configure(health::routes(&state))
        .configure(site::home::routes(&state))
        .configure(site::account::routes(&state))
        .configure(site::setup::routes(&state))
        .configure(site::demo::routes(&state))
        .configure(api::mastodon::accounts::routes(&state))
        .configure(api::mastodon::instance::routes(&state))
        .configure(api::discovery::routes(&state))
        .configure(site::assets::routes(&state))
        .configure(api::not_found::routes(&state))
        .configure(site::hand_over::routes(&state))
        .configure(site::not_found::routes(&state))
        .app_data(web::Data::new(state))
}

/// What is mounted above and its surfaces, as far as other origins may read it (Mastodon §17).
pub(super) fn route_list(state: &State) -> RouteList {
    lysand_auth::web::mounted(&state.auth)
        .with("/health", Surface::Public)
        .with("/health/ready", Surface::Public)
        .with("/.well-known/{rest:.*}", Surface::Public)
        .with("/nodeinfo/{rest:.*}", Surface::Public)
        .with("/api/{rest:.*}", Surface::Api)
}
