//! Bodies of type `multipart/form-data`, as browsers and HTTP libraries send forms with files (RFC 7578).

use actix_web::web::Bytes;
use futures_util::Stream;

use super::value::{MAX_PARAMETERS, Value, push};
use crate::error::{Code, Error};

pub(super) async fn multipart_pairs(content_type: &str, body: Bytes) -> Result<Vec<(String, Value)>, Error> {
    let unreadable = |error: multer::Error| {
        Error::refused(Code::InvalidRequest, format!("The multipart body cannot be read: {error}."))
    };
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        Error::refused(Code::InvalidRequest, "The Content-Type multipart/form-data needs a boundary parameter.")
    })?;
    let mut multipart = multer::Multipart::new(once(body), boundary);
    let (mut pairs, mut fields) = (Vec::new(), 0);
    while let Some(field) = multipart.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await.map_err(unreadable)?;
        push(&mut pairs, &name, String::from_utf8(value.to_vec()).ok());
        fields += 1;
        // One more than allowed is enough to refuse.
        if fields > MAX_PARAMETERS {
            break;
        }
    }
    Ok(pairs)
}

fn once(body: Bytes) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::once(async move { Ok(body) })
}
