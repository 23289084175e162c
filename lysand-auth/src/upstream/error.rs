//! Why a provider does not say who signed in.

use super::http::HttpError;

/// Why a provider does not say who signed in. The text is for the log; it holds no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It does not answer, or not in time, or too many wait for it.
    #[error("{0}")]
    Unreachable(String),
    /// What it says cannot be trusted.
    #[error("{0}")]
    Untrusted(String),
}

impl ProviderError {
    /// Which kind of error it is, for the log.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "provider unreachable",
            Self::Untrusted(_) => "provider untrusted",
        }
    }

    pub(super) fn untrusted(why: impl std::fmt::Display) -> Self {
        Self::Untrusted(why.to_string())
    }
}

impl From<HttpError> for ProviderError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::NoAnswer(..) | HttpError::NotPublic(_) => Self::Unreachable(error.to_string()),
            HttpError::Forbidden(_) | HttpError::UntrustedCertificate(..) | HttpError::UnusableAnswer(..) => {
                Self::Untrusted(error.to_string())
            }
        }
    }
}
