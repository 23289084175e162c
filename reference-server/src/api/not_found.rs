//! The answer to paths of the API that are not there.

use actix_web::web::{self, ServiceConfig};
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::limits::Limits;
use lysand_auth::web::not_found;

use crate::state::State;

/// The route for what no other route below `/api` matches; requests there count towards the limits.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(Surface::Api, state.auth.config().base_url.is_secure());
    let limits = Limits::new(&state.auth);
    move |config| {
        let resource = web::resource("/api/{anything:.*}").default_service(web::to(not_found));
        config.service(resource.wrap(limits).wrap(headers));
    }
}
