//! Why the pages cannot be shown.

use std::path::PathBuf;

use super::positions::Position;

/// Why the pages cannot be shown. Each names the file to look at.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file in `frontend.templates_dir` replaces nothing.
    #[error("{}: replaces no template; the names are {known}", file.display())]
    Unknown {
        /// The file.
        file: PathBuf,
        /// The names of all templates.
        known: String,
    },
    /// A template does not parse, or cannot be rendered: one line for each place.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Broken(Vec<Position>),
}

impl PagesError {
    /// What is wrong with a template of a mail.
    pub(crate) fn of_mail(error: &tera::Error) -> Self {
        Self::Broken(super::positions::of_error(error, "mail"))
    }
}
