//! The id of a request, by which its answer and its lines in the log are found together (faults D12).

use actix_web::http::header::HeaderMap;

use crate::ambient::Ambient;

/// The header that carries it, in requests and answers.
pub(crate) const HEADER: &str = "x-request-id";

/// The longest id that is taken over.
const LONGEST: usize = 128;

tokio::task_local! {
    /// The request that this task answers at the moment.
    static CURRENT: String;
}

/// Answers a request under its id.
pub(crate) async fn under<F: Future>(id: String, answer: F) -> F::Output {
    CURRENT.scope(id, answer).await
}

/// The id of the request that is being answered; a new one where [`with_request_id`](crate::web::with_request_id) is not
/// in use.
pub(crate) fn current_or_new() -> String {
    CURRENT.try_with(String::clone).unwrap_or_else(|_| Ambient::system().id())
}

/// The id that a proxy gave to a request: one, not too long, and of characters that mean nothing to whoever reads logs.
pub(crate) fn given(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(HEADER);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let id = value.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(&byte);
    (!id.is_empty() && id.len() <= LONGEST && id.bytes().all(is_plain)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static(HEADER), HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn request_id_of_a_proxy_is_taken_when_it_is_plain_text() {
        let longest = "a".repeat(LONGEST);
        for good in ["f0c1", "Root=1-67891233-abcdef01", "4bf92f35/77", "a@b:1+2_3", &longest] {
            assert_eq!(given(&headers(&[good.as_bytes()])).as_deref(), Some(good));
        }
        let too_long = format!("{longest}a");
        let bad: [&[u8]; 10] = [
            b"",
            too_long.as_bytes(),
            b"a b",
            b"a\tb",
            b"a\"b",
            b"a}b",
            b"<script>",
            b"a;b",
            "größe".as_bytes(),
            b"\xff\xfe",
        ];
        for bad in bad {
            assert_eq!(given(&headers(&[bad])), None, "{bad:?}");
        }
        assert_eq!(given(&headers(&[])), None);
        assert_eq!(given(&headers(&[b"one", b"two"])), None);
    }
}
