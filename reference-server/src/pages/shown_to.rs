//! To whom a page is shown.

use lysand_auth::host::pages::{PageRequest, Reader, WayBackNotice};

/// Who reads a page, and what stands at its top for whoever is signed in.
#[derive(Clone, Copy, Debug)]
pub struct ShownTo<'a> {
    /// The languages of the reader.
    pub reader: &'a Reader,
    /// That their second factors are to be removed.
    pub way_back: Option<&'a WayBackNotice>,
}

impl<'a> From<&'a Reader> for ShownTo<'a> {
    fn from(reader: &'a Reader) -> Self {
        Self { reader, way_back: None }
    }
}

impl<'a> From<(&'a Reader, Option<&'a WayBackNotice>)> for ShownTo<'a> {
    fn from((reader, way_back): (&'a Reader, Option<&'a WayBackNotice>)) -> Self {
        Self { reader, way_back }
    }
}

impl<'a> From<&'a PageRequest> for ShownTo<'a> {
    fn from(request: &'a PageRequest) -> Self {
        Self { reader: &request.reader, way_back: request.way_back.as_ref() }
    }
}
