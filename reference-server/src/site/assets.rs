//! The routes of the static files.

use actix_web::guard::fn_guard;
use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::web::headers::{AnswerKind, Headers};
use lysand_auth::web::{not_allowed, not_found, with_doubled_slashes_of, with_slash};

use crate::assets::{OwnAsset, find};
use crate::etag::is_known;
use crate::state::State;

const FAVICON: &str = "/favicon.ico";

const PICTURE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox";

/// `GET /assets/{name}`
async fn show(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let own = request.app_data::<web::Data<State>>().and_then(|state| state.pages.own_asset(&name));
    let (content_type, digest, content) = match (own.as_deref(), find(&name)) {
        (Some(OwnAsset { content_type, digest, content, .. }), _) => (*content_type, digest.as_str(), content.clone()),
        (None, Some((asset, digest))) => (asset.content_type, digest, asset.content.to_vec()),
        (None, None) => return not_found().await,
    };
    // Only an address with the right digest names this very content; a bare one may name another after an update.
    let is_exact = request.query_string().strip_prefix("v=") == Some(digest);
    let caching = if is_exact { "public, max-age=31536000, immutable" } else { "public, max-age=300" };
    let tag = format!("\"{digest}\"");
    let is_known = is_known(request.headers(), &tag);
    let mut reply = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    reply.insert_header((header::CACHE_CONTROL, caching)).insert_header((header::ETAG, tag)).content_type(content_type);
    if content_type.starts_with("image/svg") {
        // Opened by itself, a picture of anybody's making may draw and nothing else.
        reply.insert_header((header::CONTENT_SECURITY_POLICY, PICTURE_POLICY));
    }
    if is_known { reply.finish() } else { reply.body(content) }
}

/// `GET /favicon.ico`: browsers ask for it where a page names no icon, such as a JSON answer.
async fn favicon(request: HttpRequest) -> HttpResponse {
    show(request, web::Path::from("icon.png".to_owned())).await
}

/// The routes of the static files. Web clients of other origins show the default pictures, so any may read them
/// (Lysand §12.2).
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(AnswerKind::Public, state.auth.config().base_url.is_secure());
    // A frontend may have files of its own there.
    let all = state.frontend.is_none();
    let pages = state.pages.clone();
    let is_known = move |name: &str| find(name).is_some() || pages.own_asset(name).is_some();
    let is_ours = move |path: &str| match path.strip_prefix("/assets/") {
        Some(name) => all || is_known(name.trim_end_matches('/')),
        None => all && path.trim_end_matches('/') == FAVICON,
    };
    let is_served = is_ours.clone();
    let add = move |config: &mut ServiceConfig| {
        if all {
            config.service(
                web::resource(with_slash(FAVICON))
                    .route(web::get().to(favicon))
                    .route(web::head().to(favicon))
                    .default_service(not_allowed("GET, HEAD"))
                    .wrap(headers),
            );
        }
        config.service(
            web::resource(with_slash("/assets/{name}"))
                .guard(fn_guard(move |request| is_served(request.head().uri.path())))
                .route(web::get().to(show))
                .route(web::head().to(show))
                .default_service(not_allowed("GET, HEAD"))
                .wrap(headers),
        );
    };
    move |config| {
        add.clone()(config);
        with_doubled_slashes_of(config, is_ours, add);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::{App, test};

    use super::*;
    use crate::assets::{ASSETS, path};

    async fn get(path: &str, known: Option<&str>) -> (StatusCode, String, usize) {
        let app = test::init_service(App::new().route("/assets/{name}", web::get().to(show))).await;
        let request = test::TestRequest::get().uri(path);
        let request =
            known.iter().fold(request, |request, known| request.insert_header((header::IF_NONE_MATCH, *known)));
        let response = test::call_service(&app, request.to_request()).await;
        let header =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (status, caching) = (response.status(), header(header::CACHE_CONTROL));
        (status, caching, test::read_body(response).await.len())
    }

    #[actix_web::test]
    async fn static_asset_with_current_digest_is_cached_immutably() {
        for asset in ASSETS {
            let (status, caching, length) = get(&path(asset.name), None).await;
            assert_eq!((status, length), (StatusCode::OK, asset.content.len()), "{}", asset.name);
            assert!(caching.ends_with("immutable"), "{caching}");
        }
        let (status, caching, _) = get("/assets/style.css?v=old", None).await;
        assert_eq!((status, caching.as_str()), (StatusCode::OK, "public, max-age=300"));
    }

    #[actix_web::test]
    async fn static_asset_with_matching_etag_is_not_modified() {
        let digest = find("style.css").unwrap().1;
        for (known, status) in [
            (format!("\"other\", \"{digest}\""), StatusCode::NOT_MODIFIED),
            (format!("W/\"other\", W/\"{digest}\""), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"other\"".to_owned(), StatusCode::OK),
            (digest.to_owned(), StatusCode::OK),
        ] {
            assert_eq!(get(&path("style.css"), Some(&known)).await.0, status, "{known}");
        }
    }

    #[actix_web::test]
    async fn static_asset_of_unknown_name_is_not_found() {
        for name in ["/assets/other.css", "/assets/..%2fbase.html", "/assets/Style.css"] {
            assert_eq!(get(name, None).await.0, StatusCode::NOT_FOUND, "{name}");
        }
    }
}
