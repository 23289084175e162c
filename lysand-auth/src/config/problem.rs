//! What is wrong with a configuration, told to whoever wrote it.

/// One thing that is wrong with a [`Config`](super::Config).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigProblem {
    /// The field, as a path.
    pub field: &'static str,
    /// What to do about it.
    pub remedy: String,
}

impl ConfigProblem {
    pub(crate) fn new(field: &'static str, remedy: impl Into<String>) -> Self {
        Self { field, remedy: remedy.into() }
    }
}

/// All that is wrong with a [`Config`](super::Config).
#[derive(Debug, Default, thiserror::Error)]
#[error("{}", .0.iter().map(|p| format!("{}: {}", p.field, p.remedy)).collect::<Vec<_>>().join("; "))]
#[non_exhaustive]
pub struct ConfigProblems(pub Vec<ConfigProblem>);
