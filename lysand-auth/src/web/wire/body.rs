//! Bodies: how large they may be, how long they may take, and their media type.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;

use crate::error::{Code, Error};

/// The largest body of a route of this library (security LOAD-7).
pub(crate) const LARGEST: usize = 64 * 1024;
/// How long a client may take to send a body (security LOAD-6).
const MAX_TIME: Duration = Duration::from_secs(30);
/// The type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The media type of a `Content-Type`, without its parameters.
pub(crate) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Refuses a body that says itself that it is larger than `most`, before any of it has come (faults F16).
pub(crate) fn check_length(headers: &HeaderMap, most: usize) -> Result<(), Error> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most)) {
        true => Err(too_large()),
        false => Ok(()),
    }
}

/// A whole body, if it has no more than `most` bytes.
pub(crate) async fn collect(mut payload: Payload, most: usize) -> Result<Bytes, Error> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::refused(Code::InvalidRequest, "The request body cannot be read."))?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

pub(crate) fn too_large() -> Error {
    Error::refused(Code::PayloadTooLarge, "The request body is too large.")
}

/// Reads no longer than a client may take to send a body.
pub(crate) async fn in_time<T>(read: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(MAX_TIME, read)
        .await
        .unwrap_or_else(|_| Err(Error::refused(Code::InvalidRequest, "The request body did not arrive in time.")))
}
