//! Where settings come from.

use std::fmt;
use std::path::{Path, PathBuf};

use super::variable::is_ours;

/// The file and the environment that settings were read from, to be read again with what staff stores.
#[derive(Clone, Default)]
pub(super) struct Source {
    pub(super) folder: PathBuf,
    pub(super) text: String,
    pub(super) environment: Vec<(String, String)>,
}

impl fmt::Debug for Source {
    /// Without what was read: it holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Source {
    pub(super) fn new(folder: &Path, text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let environment = environment.into_iter().filter(|(name, _)| is_ours(name)).collect();
        Self { folder: folder.to_owned(), text: text.to_owned(), environment }
    }
}
