//! One worker's application: the one list of what is mounted.

use actix_web::body::MessageBody;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::ServiceConfig;
use actix_web::{App, middleware, web};
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{RouteList, Routes};
use lysand_auth::web::{Surfaces, documents, merge_slashes, mount_without_doubled_slashes, mounted, with_request_id};

use super::draining::Draining;
use super::{guard, health, streams};
use crate::api::openapi::Document;
use crate::state::{SURFACES, State};
use crate::{api, site};

/// The library's routes, then ours, then what matches whatever the others do not, in this order.
pub fn app(
    state: State,
    draining: Draining,
    paths: Paths,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let Paths { own, all, document } = paths;
    App::new()
        .app_data(web::Data::new(draining))
        .app_data(all)
        .app_data(document)
        .app_data(web::Data::new(site::demo::DemoApp::default()))
        .app_data(web::Data::new(site::server_sign_in::OwnApp::default()))
        .wrap_fn(move |mut req, service| {
            merge_slashes(&mut req, |path| own.kind_at(path).is_some());
            service.call(req)
        })
        .wrap(middleware::from_fn(guard::guard))
        .wrap(middleware::from_fn(with_request_id))
        .configure(mount_without_doubled_slashes(state.auth.clone(), SURFACES))
        .configure(|config: &mut ServiceConfig| {
            own_routes(&state).iter().for_each(|routes| routes.mount(config));
        })
        .configure(site::setup::routes(&state))
        .configure(site::assets::routes(&state))
        .configure(|config: &mut ServiceConfig| api::not_found::routes(&state).mount(config))
        .configure(site::frontend_fallback::routes(&state))
        .configure(site::not_found::routes(&state))
        .app_data(web::Data::new(state))
}

/// The reference server's routes that are not the library's, not the last to match, and not of a kind of their own.
fn own_routes(state: &State) -> [Routes; 13] {
    [
        health::routes(state),
        site::home::routes(state),
        site::about::routes(state),
        site::api_docs::routes(state),
        site::account::routes(state),
        site::server_sign_in::routes(state),
        site::demo::routes(state),
        site::public_profile::routes(state),
        documents::account_routes(&state.auth),
        api::mastodon::routes(state),
        api::discovery::routes(state),
        api::openapi::routes(state),
        streams::routes(state),
    ]
}

/// The paths that are served, the same for all workers.
#[derive(Clone)]
pub struct Paths {
    /// Those of the library and ours: what doubles a slash there is served like one slash (faults A3).
    own: web::Data<RouteList>,
    /// These and what no other route matches, which the last three answer: one of the API and, as pages, closed to other
    /// origins (Mastodon §17).
    pub(super) all: web::Data<RouteList>,
    /// What programs can ask at these paths.
    document: web::Data<Document>,
}

impl Paths {
    /// What [`app`] mounts.
    pub fn of(state: &State) -> Self {
        Self::with(state, SURFACES)
    }

    /// The same with other parts of the library.
    pub(super) fn with(state: &State, surfaces: Surfaces) -> Self {
        let mut own = mounted(&state.auth, surfaces);
        own.extend(own_routes(state).iter().flat_map(Routes::mounted).cloned());
        let all =
            own.clone().with("/.well-known/{rest:.*}", AnswerKind::Public).with("/api/{rest:.*}", AnswerKind::Api);
        Self { own: web::Data::new(own), all: web::Data::new(all), document: web::Data::new(Document::default()) }
    }

    /// The paths of the library and ours.
    #[must_use]
    pub fn own(&self) -> &RouteList {
        &self.own
    }
}
