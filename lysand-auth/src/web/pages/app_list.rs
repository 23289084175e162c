//! Many authorized apps: searched and read page by page, without scripts (faults B7).

use crate::flows::authorized_applications::AuthorizedApp;
use crate::host::pages::{LongListOnPage, Reader};
use crate::web::wire::params::Params;
use crate::web::wire::redirect::with_query;

/// Where the page is.
pub(crate) const PATH: &str = "/oauth/authorized_applications";
/// Where many apps at once lose their access: those that nobody used for long, and all.
pub(crate) const END: &str = "/account/apps/end";
pub(crate) const END_ALL: &str = "/account/apps/end/all";
/// From how many apps on the list has pages, and how many are on one.
const MANY: usize = 20;
/// The longest text that is searched for, in characters; no app's name is longer by much.
const LONGEST_SEARCH: usize = 100;

/// Which part of the list somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    searched: String,
    number: usize,
}

impl Wanted {
    /// What the query says: `q` and `page`. What is no page is the first one.
    pub(crate) fn of(params: &Params) -> Self {
        let number = params.last_text("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        let searched = params.last_text("q").unwrap_or_default();
        Self { searched: searched.trim().chars().take(LONGEST_SEARCH).collect(), number }
    }

    /// The address of this part, or of something to do there that comes back to it.
    pub(crate) fn at(&self, path: &str, reader: &Reader, more: &[(&str, &str)]) -> String {
        let number = self.number.to_string();
        let mut query = Vec::new();
        if !self.searched.is_empty() {
            query.push(("q", self.searched.as_str()));
        }
        if self.number > 1 {
            query.push(("page", number.as_str()));
        }
        reader.keep(&with_query(path, query.into_iter().chain(more.iter().copied())))
    }

    /// The apps of the wanted part, and what leads to the others; a list that fits on one page is shown whole.
    pub(crate) fn part<'a>(
        &self,
        apps: &'a [AuthorizedApp],
        reader: &Reader,
    ) -> (Vec<&'a AuthorizedApp>, Option<LongListOnPage<'static>>) {
        if apps.len() < MANY {
            return (apps.iter().collect(), None);
        }
        let words: Vec<String> = self.searched.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let has_words = |granted: &&AuthorizedApp| {
            let name = granted.app.name.to_lowercase();
            words.iter().all(|word| name.contains(word.as_str()))
        };
        let found: Vec<&AuthorizedApp> = apps.iter().filter(has_words).collect();
        let count = found.len().div_ceil(MANY).max(1);
        let number = self.number.clamp(1, count);
        let page = |number| Self { number, ..self.clone() }.at(PATH, reader, &[]);
        let list = LongListOnPage {
            search_action: PATH,
            lang: reader.asked.as_ref().map(ToString::to_string),
            searched: self.searched.clone(),
            number,
            count,
            previous: (number > 1).then(|| page(number - 1)),
            next: (number < count).then(|| page(number + 1)),
            all: (!self.searched.is_empty()).then(|| reader.keep(PATH)),
        };
        (found.into_iter().skip((number - 1) * MANY).take(MANY).collect(), Some(list))
    }
}
