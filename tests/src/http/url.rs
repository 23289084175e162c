//! Addresses and forms.

use url::Url;

/// Names and values as a form, or as a query without its question mark.
pub fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A path with a query.
pub fn encode(path: &str, pairs: &[(&str, &str)]) -> String {
    format!("{path}?{}", form(pairs))
}

/// The value of a query parameter, which must stand there at most once.
#[track_caller]
pub fn query_of(url: &Url, name: &str) -> Option<String> {
    let values: Vec<_> = url.query_pairs().filter(|(known, _)| known == name).collect();
    assert!(values.len() < 2, "{name} stands twice in {url}");
    values.into_iter().next().map(|(_, value)| value.into_owned())
}
