//! What a request carries under one name, and pairs as `application/x-www-form-urlencoded` writes them.

/// The most parameters of one request, query and body together.
pub(super) const MAX_PARAMETERS: usize = 256;

/// One value as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// `name[]=…`, `name[0]=…` or a JSON array.
    List(Vec<String>),
    /// An object, or an array of other things than scalars.
    Nested,
}

pub(super) fn form_pairs(bytes: &[u8]) -> Vec<(String, Value)> {
    let mut pairs = Vec::new();
    // One more than allowed is enough to refuse, and bounds the work.
    for (name, value) in form_urlencoded::parse(bytes).take(MAX_PARAMETERS + 1) {
        push(&mut pairs, &name, value.into_owned());
    }
    pairs
}

/// Keeps a pair; `name[]` and `name[0]` gather in a list, deeper nesting counts as malformed.
pub(super) fn push(pairs: &mut Vec<(String, Value)>, name: &str, value: String) {
    let Some((base, index)) = name.split_once('[').filter(|(base, _)| !base.is_empty()) else {
        pairs.push((name.to_owned(), Value::Text(value)));
        return;
    };
    let index = index.strip_suffix(']').filter(|index| index.bytes().all(|byte| byte.is_ascii_digit()));
    if index.is_none() {
        pairs.push((base.to_owned(), Value::Nested));
        return;
    }
    match pairs.last_mut() {
        Some((known, Value::List(list))) if known == base => list.push(value),
        _ => pairs.push((base.to_owned(), Value::List(vec![value]))),
    }
}
