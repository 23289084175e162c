//! What a request carries under one name, and pairs as `application/x-www-form-urlencoded` writes them.

/// The most parameters of one request, query and body together.
pub(super) const MAX_PARAMETERS: usize = 256;

/// One value as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// `name[]=…`, `name[0]=…` or a JSON array.
    List(Vec<String>),
    /// `name[key]=…` or a JSON object: its members that are scalars; and, with none, an array of other things than scalars.
    Nested(Vec<(String, String)>),
    /// Bytes that are no UTF-8. What cannot be kept whole is refused, never read as something like it (faults A11).
    Undecodable,
}

impl Value {
    /// How many parameters it counts for.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Nested(members) => members.len().max(1),
            Self::Text(_) | Self::Undecodable => 1,
        }
    }
}

pub(super) fn form_pairs(bytes: &[u8]) -> Vec<(String, Value)> {
    let mut pairs = Vec::new();
    // One more than allowed is enough to refuse, and bounds the work.
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).take(MAX_PARAMETERS + 1) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        // A name that is no text is none that anybody knows.
        push(&mut pairs, &String::from_utf8_lossy(&decoded(name)), String::from_utf8(decoded(value)).ok());
    }
    pairs
}

/// The bytes that `application/x-www-form-urlencoded` stands for; a `%` without two digits is itself.
fn decoded(mut text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        text = rest;
        match (*first, rest) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    text = after;
                }
                _ => bytes.push(b'%'),
            },
            (other, _) => bytes.push(other),
        }
    }
    bytes
}

/// Keeps a pair, whose value is no text where its bytes are no UTF-8; `name[]` and `name[0]` gather in a list, deeper nesting counts as malformed.
pub(super) fn push(pairs: &mut Vec<(String, Value)>, name: &str, value: Option<String>) {
    let Some(value) = value else {
        let base = name.split('[').next().filter(|base| !base.is_empty()).unwrap_or(name);
        pairs.push((base.to_owned(), Value::Undecodable));
        return;
    };
    let Some((base, index)) = name.split_once('[').filter(|(base, _)| !base.is_empty()) else {
        pairs.push((name.to_owned(), Value::Text(value)));
        return;
    };
    let key = index.strip_suffix(']').unwrap_or(index);
    let is_list = index.ends_with(']') && key.bytes().all(|byte| byte.is_ascii_digit());
    match pairs.last_mut() {
        Some((known, Value::List(list))) if known == base && is_list => list.push(value),
        Some((known, Value::Nested(members))) if known == base && !is_list => members.push((key.to_owned(), value)),
        _ if is_list => pairs.push((base.to_owned(), Value::List(vec![value]))),
        _ => pairs.push((base.to_owned(), Value::Nested(vec![(key.to_owned(), value)]))),
    }
}
