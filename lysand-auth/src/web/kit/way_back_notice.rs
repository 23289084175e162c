//! What stands at the top of every page of a living session while somebody asks to have its owner's second factors removed (FAC-113).

use actix_web::HttpRequest;

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::factors::{way_back, way_back_stop};
use crate::host::pages::WayBackNotice;
use crate::web::kit::session;
use crate::web::wire::params::Params;
use crate::web::wire::session_cookie::session_cookie;

/// The notice for whoever is signed in with the browser of this request, if there is one: a host shows it on its own pages, too. A page
/// is shown without it when it cannot be looked up.
pub async fn way_back_notice(auth: &Auth, req: &HttpRequest) -> Option<WayBackNotice> {
    if !way_back::is_enabled(auth) || session_cookie(auth, req.headers()).is_none() {
        return None;
    }
    found(auth, req).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "it cannot be looked up whether second factors are to be removed");
        None
    })
}

async fn found(auth: &Auth, req: &HttpRequest) -> Result<Option<WayBackNotice>, Error> {
    let Some(browser) = session::even_without_factor(auth, req.headers()).await?.0 else { return Ok(None) };
    let Some(times) = way_back_stop::of_account(auth, &browser.account).await? else { return Ok(None) };
    let reader = Params::of_query(req).reader(req);
    let security = reader.keep(&auth.config().page_url("security"));
    Ok(Some(WayBackNotice { ripe: times.ripe_at.into(), security }))
}
