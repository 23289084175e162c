//! One worker's application: the one list of what is mounted.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, middleware, web};

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
