//! What a callback comes to, and where the person is told what is wrong with it.

use crate::error::Error;
use crate::model::app::App;
use crate::model::authorization::CheckedRequest;
use crate::model::identity::{Flow, Purpose};
use crate::secret::Secret;
use crate::steps::sign_in::SignedIn;

/// What a good callback comes to.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallbackOutcome {
    /// Somebody is signed in.
    SignedIn(Box<SignedIn>),
    /// Nobody here has the identity: an account can be made.
    AwaitsSignUp(AwaitsSignUp),
    /// The identity is linked.
    Linked,
    /// A link came back to another browser than it began in, or to one whose session is another: the owner of the account
    /// must confirm it.
    AwaitsConfirmation {
        /// The flow.
        flow_id: String,
        /// What this browser must show when the owner answers.
        browser: Secret,
    },
}

/// Somebody whom nobody here knows has still to choose a name, in this browser (people PPL-41).
#[derive(Debug)]
#[non_exhaustive]
pub struct AwaitsSignUp {
    /// The flow.
    pub flow_id: String,
    /// What this browser must show.
    pub browser: Secret,
}

/// A callback that failed, and where the person is told.
#[derive(Debug)]
#[non_exhaustive]
pub struct CallbackError {
    /// Where.
    pub report_to: ReportTo,
    /// The name of the error, where the provider chose it.
    pub name: Option<&'static str>,
    /// What is wrong.
    pub error: Error,
}

/// Where a person is told what is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReportTo {
    /// The sign-in page, without a request.
    SignInPage,
    /// The sign-in page, with the app's request.
    SignInPageFor(Box<App>, Box<CheckedRequest>),
    /// The home page: it was about a link.
    HomePage,
}

impl ReportTo {
    /// Before anything is known but the purpose.
    pub(super) fn about(is_link: bool) -> Self {
        if is_link { Self::HomePage } else { Self::SignInPage }
    }

    /// Once the flow is proven to be the browser's own.
    pub(super) fn of(flow: &Flow, app: Option<&App>) -> Self {
        match (&flow.purpose, app) {
            (Purpose::Link(..), _) => Self::HomePage,
            (Purpose::SignIn(_, checked), Some(app)) => {
                Self::SignInPageFor(Box::new(app.clone()), Box::new(checked.clone()))
            }
            (Purpose::SignIn(..) | Purpose::Native(..), _) => Self::SignInPage,
        }
    }

    pub(super) fn tell(self, error: Error) -> CallbackError {
        CallbackError { report_to: self, name: None, error }
    }
}
