//! Where a request goes at the frontend, and where its redirects may lead (security WEB-12). No request chooses the origin.

use lysand_auth::config::BaseUrl;
use url::Url;

/// The frontend's address for a path and a query of ours; `None` for a path that two programs could read differently.
///
/// The path arrives at the frontend byte for byte, or not at all: what the URL parser would change (dot segments, plain or
/// encoded, backslashes) is refused, and so is what the frontend might take apart once more (a second slash at the
/// beginning, encoded slashes, backslashes and control characters).
pub(super) fn target(frontend: &BaseUrl, path: &str, query: Option<&str>) -> Option<Url> {
    if !path.starts_with('/') || path.starts_with("//") || !is_plain(path) {
        return None;
    }
    let mut url = Url::parse(&frontend.join(path)).ok()?;
    if url.path() != path || url.origin().ascii_serialization() != frontend.as_str() {
        return None;
    }
    url.set_query(query);
    Some(url)
}

/// Whether each percent sign begins an escape, and none of them hides a separator or a control character.
fn is_plain(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let byte = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii_control() && !matches!(byte, b'/' | b'\\'))
    })
}

/// The `Location` to pass on for one that the frontend gave for a request for `url`: its own origin becomes ours, ours stays;
/// `None` for any other place.
pub(super) fn location(url: &Url, own: &BaseUrl, given: &str) -> Option<String> {
    let place = url.join(given).ok()?;
    let bare = place.username().is_empty() && place.password().is_none();
    let origin = place.origin().ascii_serialization();
    if !bare || (origin != own.as_str() && place.origin() != url.origin()) {
        return None;
    }
    let query = place.query().map(|query| format!("?{query}")).unwrap_or_default();
    let fragment = place.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    Some(own.join(&format!("{}{query}{fragment}", place.path())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn frontend_fallback_target_keeps_path_and_query_unchanged() {
        let frontend = origin("http://127.0.0.1:3000");
        for (path, query, wanted) in [
            ("/", None, "http://127.0.0.1:3000/"),
            ("/@ada/1", Some("a=b&c=%0d%0a"), "http://127.0.0.1:3000/@ada/1?a=b&c=%0d%0a"),
            ("/a%20b/%C3%BC", Some(""), "http://127.0.0.1:3000/a%20b/%C3%BC?"),
            ("/a//b", None, "http://127.0.0.1:3000/a//b"),
            ("/a%252fb", None, "http://127.0.0.1:3000/a%252fb"),
            ("/x", Some("//evil.example/@"), "http://127.0.0.1:3000/x?//evil.example/@"),
        ] {
            assert_eq!(target(&frontend, path, query).map(String::from).as_deref(), Some(wanted), "{path}");
        }
    }

    #[test]
    fn frontend_fallback_target_for_ambiguous_path_is_refused() {
        let frontend = origin("https://fe.example");
        for path in [
            "",
            "x",
            "*",
            "//evil.example/x",
            "///evil.example/x",
            "/\\evil.example",
            "\\\\evil.example",
            "/..",
            "/a/../b",
            "/a/./b",
            "/%2e%2e/b",
            "/a/.%2E/b",
            "/a%2fb",
            "/a%2Fb",
            "/%5cevil",
            "/a%0d%0aSet-Cookie:x",
            "/a%00",
            "/a%7f",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%+1",
            "@evil.example/",
            ":80@evil.example/",
            ".evil.example/",
        ] {
            assert_eq!(target(&frontend, path, None), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn frontend_fallback_target_and_location_never_leave_their_origin(path in "\\PC{0,40}", query in proptest::option::of("\\PC{0,20}")) {
            let frontend = origin("https://fe.example:8443");
            if let Some(url) = target(&frontend, &path, query.as_deref()) {
                prop_assert_eq!(url.origin().ascii_serialization(), "https://fe.example:8443");
                prop_assert_eq!(url.path(), &path);
            }
            if let Some(place) = location(&Url::parse("https://fe.example:8443/a").unwrap(), &origin("https://own.example"), &path) {
                prop_assert!(place.starts_with("https://own.example/"), "{}", place);
            }
        }
    }

    #[test]
    fn frontend_fallback_location_is_rewritten_to_own_origin_or_refused() {
        let (own, asked) = (origin("https://social.example"), Url::parse("http://127.0.0.1:3000/a/b?c").unwrap());
        for (given, wanted) in [
            ("/x?y#z", "https://social.example/x?y#z"),
            ("x", "https://social.example/a/x"),
            ("../x", "https://social.example/x"),
            ("?q", "https://social.example/a/b?q"),
            ("", "https://social.example/a/b?c"),
            ("http://127.0.0.1:3000/x", "https://social.example/x"),
            ("https://social.example/x", "https://social.example/x"),
        ] {
            assert_eq!(location(&asked, &own, given).as_deref(), Some(wanted), "{given}");
        }
        for given in [
            "//evil.example/",
            "/\\evil.example/",
            "https://evil.example/",
            "https://127.0.0.1:3000/",
            "http://127.0.0.1:3001/",
            "http://u@127.0.0.1:3000/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:evil.example",
        ] {
            assert_eq!(location(&asked, &own, given), None, "{given}");
        }
    }
}
