//! Lists that the pages for staff show a page at a time, and the links to the pages beside.

use crate::auth::Auth;
use crate::host::pages::{NeighboursOnPage, Reader};
use crate::model::list_page::{ListPage, ListSpan};
use crate::web::wire::params::Params;
use crate::web::wire::redirect::with_query;

/// How many entries a page has.
const PAGE: i64 = 50;

/// A list, and what it is narrowed to.
pub(super) struct Listing<'a> {
    path: &'a str,
    filters: Vec<(&'a str, &'a str)>,
    asked: (Option<String>, Option<String>),
}

impl<'a> Listing<'a> {
    /// The list at `path` as it is asked for. Filters without a value are none.
    pub(super) fn new(path: &'a str, params: &Params, filters: &[(&'a str, &'a str)]) -> Self {
        let filters = filters.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
        // What no database takes is no id.
        let id = |name| params.last_text(name).filter(|id| !id.contains('\0'));
        Self { path, filters, asked: (id("max_id"), id("min_id")) }
    }

    /// Which entries are shown.
    pub(super) fn span(&self) -> ListSpan {
        let (max_id, min_id) = self.asked.clone();
        ListSpan { max_id, min_id, limit: Some(PAGE), ..ListSpan::default() }
    }

    /// The pages beside, where there is a page at all.
    pub(super) fn of_some<T>(
        &self,
        auth: &Auth,
        reader: &Reader,
        page: Option<&ListPage<T>>,
        id: impl Fn(&T) -> &str,
    ) -> NeighboursOnPage {
        match page {
            Some(page) => self.neighbours(auth, reader, page, id),
            None => NeighboursOnPage { newer: None, older: None },
        }
    }

    /// The pages beside the one with these entries.
    pub(super) fn neighbours<T>(
        &self,
        auth: &Auth,
        reader: &Reader,
        page: &ListPage<T>,
        id: impl Fn(&T) -> &str,
    ) -> NeighboursOnPage {
        let place = auth.config().base_url.join(self.path);
        let link = |name, entry: &T| {
            let filters = self.filters.iter().copied();
            reader.keep(&with_query(&place, filters.chain([(name, id(entry))])))
        };
        let is_full = page.items.len() >= usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_newer = match &self.asked {
            (_, Some(_)) => is_full,
            (older_than, None) => older_than.is_some(),
        };
        NeighboursOnPage {
            newer: page.items.first().filter(|_| has_newer).map(|entry| link("min_id", entry)),
            older: page.items.last().filter(|_| page.has_older).map(|entry| link("max_id", entry)),
        }
    }
}
