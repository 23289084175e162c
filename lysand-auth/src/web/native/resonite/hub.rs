//! `/hub/negotiate`: what opens the hub's stream, where a program cannot send its token (native 3.3).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::json;

use super::answer::{Answer, ok};
use super::caller::Res;
use crate::auth::Auth;
use crate::flows::native::connection_token;
use crate::web::wire::params::Params;

/// `POST /hub/negotiate`
pub(super) async fn negotiate(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let res = Res::of(&auth, &req).await?;
    let token = connection_token(&auth, res.caller()).await?;
    let transports = json!([{ "transport": "WebSockets", "transferFormats": ["Text", "Binary"] }]);
    let is_first = Params::of_query(&req).last_text("negotiateVersion").is_some_and(|version| version == "1");
    Ok(ok(&match is_first {
        true => json!({
            "negotiateVersion": 1,
            "connectionId": auth.ambient().id(),
            "connectionToken": token.expose(),
            "availableTransports": transports,
        }),
        false => json!({ "connectionId": token.expose(), "availableTransports": transports }),
    }))
}
