//! Native clients: the dialects of programs that send name and password themselves. A dialect's file takes requests apart and renders
//! answers; no rule about people, passwords, factors or tokens lives here.

mod answers;
mod resonite;
mod streams;
mod synctv;
mod toki;

pub use self::resonite::Res;
pub use self::streams::StreamAuth;
use crate::auth::Auth;
use crate::web::kit::routes::Routes;

/// The routes of the dialects that are on.
pub(crate) fn routes(auth: &Auth) -> Vec<Routes> {
    let native = &auth.config().native;
    let synctv = if native.synctv.enabled { synctv::routes(auth) } else { Vec::new() };
    let toki = if native.toki.enabled { toki::routes(auth) } else { Vec::new() };
    let resonite = if native.resonite.enabled { resonite::routes(auth) } else { Vec::new() };
    [synctv, toki, resonite].concat()
}
