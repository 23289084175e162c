//! Lists that are shown page by page, as Mastodon's API has them (people PPL-6).

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, LINK};
use serde_json::Value;

use crate::auth::Auth;
use crate::error::Error;
use crate::model::list_page::{ListPage, ListSpan};
use crate::web::wire::params::Params;
use crate::web::wire::redirect::with_query;
use crate::web::wire::reply::JsonBody;

/// Which entries are asked for. A limit that is no number is none.
pub(crate) fn span(params: &Params) -> Result<ListSpan, Error> {
    Ok(ListSpan {
        max_id: params.last_scalar("max_id")?,
        since_id: params.last_scalar("since_id")?,
        min_id: params.last_scalar("min_id")?,
        limit: params.last_text("limit").and_then(|limit| limit.parse().ok()),
    })
}

/// The answer with a page of the list at `path`, and links to its neighbours (RFC 8288).
pub(crate) fn reply<T>(
    auth: &Auth,
    path: &str,
    page: &ListPage<T>,
    entry: impl Fn(&T) -> (&str, Value),
) -> HttpResponse {
    filtered(auth, (path, &[]), page, entry)
}

/// The same of a list that is narrowed: its neighbours are narrowed alike.
pub(crate) fn filtered<T>(
    auth: &Auth,
    (path, filters): (&str, &[(&str, &str)]),
    page: &ListPage<T>,
    entry: impl Fn(&T) -> (&str, Value),
) -> HttpResponse {
    let (ids, entities): (Vec<&str>, Vec<Value>) = page.items.iter().map(entry).unzip();
    let mut reply = HttpResponse::Ok().json_body(&entities);
    if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
        let (place, limit) = (auth.config().base_url.join(path), page.limit.to_string());
        let link = |name, id: &str, rel| {
            let filters = filters.iter().copied();
            let query = filters.chain([("limit", limit.as_str()), (name, id)]);
            format!("<{}>; rel=\"{rel}\"", with_query(&place, query))
        };
        let next = page.has_older.then(|| link("max_id", last, "next"));
        let links: Vec<String> = next.into_iter().chain([link("min_id", first, "prev")]).collect();
        if let Ok(links) = HeaderValue::try_from(links.join(", ")) {
            reply.headers_mut().insert(LINK, links);
        }
    }
    reply
}
