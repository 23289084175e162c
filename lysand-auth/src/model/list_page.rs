//! Lists that are shown page by page, newest first, in the words of Mastodon's API (people PPL-6).

/// How many entries a page has when the caller does not say.
const USUAL_PAGE: i64 = 20;
/// How many it has at most.
const LARGEST_PAGE: i64 = 100;

/// Which entries of a list to show, newest first.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ListSpan {
    /// Older than this one.
    pub max_id: Option<String>,
    /// Newer than this one, the newest of them.
    pub since_id: Option<String>,
    /// Newer than this one, those right after it.
    pub min_id: Option<String>,
    /// How many: 20 when it is not said or below 1, 100 at most.
    pub limit: Option<i64>,
}

/// Some entries of a list, newest first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListPage<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The limit that was used.
    pub limit: i64,
    /// Whether there are older ones.
    pub has_older: bool,
}

/// The rows of a page: those whose ids lie between the two, from one end or the other.
#[derive(Clone, Debug)]
pub(crate) struct RowSpan {
    pub(crate) after: String,
    pub(crate) before: Option<String>,
    pub(crate) oldest_first: bool,
    /// One more than wanted tells whether there are more.
    pub(crate) most: i64,
}

impl From<ListSpan> for RowSpan {
    fn from(span: ListSpan) -> Self {
        let limit = span.limit.filter(|limit| *limit > 0).unwrap_or(USUAL_PAGE).min(LARGEST_PAGE);
        let oldest_first = span.min_id.is_some();
        let after = span.min_id.or(span.since_id).unwrap_or_default();
        Self { after, before: span.max_id, oldest_first, most: limit + 1 }
    }
}

impl RowSpan {
    /// The page that these rows are, in the order of the span.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>) -> ListPage<T> {
        let limit = self.most - 1;
        let wanted = usize::try_from(limit).unwrap_or_default();
        // Whoever pages upwards came from an older page.
        let has_older = self.oldest_first || rows.len() > wanted;
        rows.truncate(wanted);
        if self.oldest_first {
            rows.reverse();
        }
        ListPage { items: rows, limit, has_older }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_page_has_the_limit_that_was_asked_for_within_bounds() {
        for (asked, limit) in
            [(None, 20), (Some(0), 20), (Some(-5), 20), (Some(1), 1), (Some(100), 100), (Some(101), 100)]
        {
            let rows = RowSpan::from(ListSpan { limit: asked, ..ListSpan::default() });
            assert_eq!((rows.most, rows.page(Vec::<u8>::new()).limit), (limit + 1, limit), "{asked:?}");
        }
    }

    #[test]
    fn list_page_is_newest_first_from_either_end() {
        let down = RowSpan::from(ListSpan { limit: Some(2), ..ListSpan::default() });
        let page = down.page(vec![5, 4, 3]);
        assert_eq!((page.items, page.has_older), (vec![5, 4], true));
        assert!(!down.page(vec![2, 1]).has_older);
        let up = RowSpan::from(ListSpan { limit: Some(2), min_id: Some("1".into()), ..ListSpan::default() });
        let page = up.page(vec![2, 3, 4]);
        assert_eq!((page.items, page.has_older), (vec![3, 2], true));
    }
}
