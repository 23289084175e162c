//! Paths in which slashes are doubled: people type an instance with a slash at its end, and clients append a path (faults A3).

use actix_web::dev::{Service as _, ServiceRequest};
use actix_web::guard;
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actix_web::web::{self, ServiceConfig};

use crate::web::kit::routes::{RouteList, Routes};

/// Adds routes once more for paths that double a slash somewhere, `//api/v1/apps`: they are answered like one slash, without
/// a redirect, which would lose a body. What is none of these routes goes on untouched to whatever is mounted after.
///
/// [`mount`](crate::web::mount) does so for the library's own routes. Add a host's after its [`Routes::mount`]:
///
/// ```
/// # use actix_web::web::ServiceConfig;
/// use lysand_auth::web::routes::Routes;
/// use lysand_auth::web::with_doubled_slashes;
///
/// fn add(config: &mut ServiceConfig, routes: &[Routes]) {
///     routes.iter().for_each(|routes| routes.mount(config));
///     with_doubled_slashes(config, routes);
/// }
/// ```
pub fn with_doubled_slashes(config: &mut ServiceConfig, routes: &[Routes]) {
    let list: RouteList = routes.iter().flat_map(Routes::mounted).cloned().collect();
    let is_ours = move |path: &str| list.kind_at(path).is_some();
    let add = |config: &mut ServiceConfig| routes.iter().for_each(|routes| routes.mount(config));
    with_doubled_slashes_of(config, is_ours, add);
}

/// The same for services that are no [`Routes`]: those that `add` adds, at the paths of which `is_ours` is true. It is asked
/// about paths whose slashes are single.
pub fn with_doubled_slashes_of(
    config: &mut ServiceConfig,
    is_ours: impl Fn(&str) -> bool + 'static,
    add: impl FnOnce(&mut ServiceConfig),
) {
    let is_ours = move |uri: &Uri| merged(uri.path()).is_some_and(|path| is_ours(&path));
    let scope = web::scope("").guard(guard::fn_guard(move |context| is_ours(&context.head().uri))).configure(add);
    config.service(scope.wrap_fn(|mut req: ServiceRequest, service| {
        merge(&mut req);
        service.call(req)
    }));
}

/// Gives a request whose path doubles slashes the path with single ones, where `is_ours` is true of that: for a middleware around
/// the whole application, beside [`mount_without_doubled_slashes`](crate::web::mount_without_doubled_slashes). Routes are there
/// once then, which takes half the memory of a worker's routes.
///
/// ```
/// use actix_web::App;
/// use actix_web::dev::Service as _;
/// use lysand_auth::web::{Surfaces, merge_slashes, mount_without_doubled_slashes, mounted};
/// # fn application(auth: lysand_auth::Auth) {
/// let paths = mounted(&auth, Surfaces::all());
/// App::new()
///     .wrap_fn(move |mut req, service| {
///         merge_slashes(&mut req, |path| paths.kind_at(path).is_some());
///         service.call(req)
///     })
///     .configure(mount_without_doubled_slashes(auth, Surfaces::all()));
/// # }
/// ```
pub fn merge_slashes(req: &mut ServiceRequest, is_ours: impl FnOnce(&str) -> bool) {
    if merged(req.path()).is_some_and(|path| is_ours(&path)) {
        merge(req);
    }
}

/// The path with each run of slashes as one; `None` where there is none to merge.
fn merged(path: &str) -> Option<String> {
    if !path.contains("//") {
        return None;
    }
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    Some(merged)
}

/// Gives the request the merged path; its query stays byte for byte.
fn merge(req: &mut ServiceRequest) {
    let uri = req.uri();
    let Some(path) = merged(uri.path()) else { return };
    let target = uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    let Ok(target) = PathAndQuery::try_from(target) else { return };
    parts.path_and_query = Some(target);
    let Ok(uri) = Uri::from_parts(parts) else { return };
    req.match_info_mut().get_mut().update(&uri);
    req.head_mut().uri = uri;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_with_doubled_slashes_is_merged_and_others_are_left() {
        for (path, expected) in [
            ("/oauth/token", None),
            ("/", None),
            ("//", Some("/")),
            ("//api/v1/apps", Some("/api/v1/apps")),
            ("/oauth///token//", Some("/oauth/token/")),
            ("/a%2F%2Fb//c", Some("/a%2F%2Fb/c")),
        ] {
            assert_eq!(merged(path).as_deref(), expected, "{path}");
        }
    }
}
