//! The answer to paths of the API that are not there.

use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::not_found;
use lysand_auth::web::routes::Routes;

use crate::state::State;

/// The route for what no other route below `/api` matches; requests there count towards the limits.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Api).limited().every_method("/api/{anything:.*}", not_found)
}
