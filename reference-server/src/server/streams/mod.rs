//! Streams of native clients that say nothing: what a product of its own says there is not ours, and clients find one all the same
//! (native NAT-9).

mod hub;
mod silent;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_ws::AggregatedMessageStream;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::native::StreamAuth;
use lysand_auth::web::routes::{Routes, get, post};

use self::hub::Hub;
use self::silent::{LARGEST, Silent};
use super::draining::Draining;
use crate::state::State;

/// `GET /hub`, and `POST`, by which other transports are asked for.
async fn hub(
    draining: Data<Draining>,
    req: HttpRequest,
    stream: Result<StreamAuth, Error>,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    if !is_upgrade(req.headers()) {
        let why = "Only WebSockets are offered";
        return Ok(HttpResponse::build(StatusCode::BAD_REQUEST).content_type("text/plain; charset=utf-8").body(why));
    }
    let stream = stream?;
    let (reply, session, messages) = actix_ws::handle(&req, payload)?;
    actix_web::rt::spawn(Silent::new(session, draining).run(bounded(messages), stream, Hub::default()));
    Ok(reply)
}

fn bounded(messages: actix_ws::MessageStream) -> AggregatedMessageStream {
    messages.max_frame_size(LARGEST).aggregate_continuations().max_continuation_size(LARGEST)
}

/// Whether a request asks for a WebSocket.
fn is_upgrade(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|upgrade| upgrade.to_str().ok());
    upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}

/// The streams of the dialects that are on.
pub(super) fn routes(state: &State) -> Routes {
    let routes = Routes::new(&state.auth, AnswerKind::Internal);
    let resonite = &state.settings.native.resonite;
    match resonite.enabled && resonite.stream {
        true => routes.route(&format!("{}/hub", resonite.prefix), [get(hub), post(hub)]),
        false => routes,
    }
}
