//! A sign-up on its way: what is asked, what was found good, why there is no account.

use super::form::{Asked, SignUpForm};
use crate::error::Error;
use crate::model::caller::Caller;
use crate::model::form_error::{FormError, FormErrors};
use crate::model::sign_up::Road;
use crate::proof_of_work::Solved;
use crate::secret::Secret;
use crate::steps::admission::Admission;

/// Somebody wants an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignUp {
    /// What was filled in.
    pub form: SignUpForm,
    /// By what road: [`Road::Page`] or [`Road::Api`].
    pub road: Road,
    /// The app's request that led here, names and values; it goes on when the account is usable.
    pub request: Vec<(String, String)>,
    /// Who asks.
    pub caller: Caller,
    /// The passkey that takes the place of the password.
    pub passkey: Option<SignUpPasskey>,
    /// The cookie of the browser that the passkey was made in; programs have none.
    pub cookie: Option<Secret>,
}

/// A passkey that was made for a sign-up (FAC-81).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SignUpPasskey {
    /// The id under which it was begun.
    pub setup: String,
    /// What the browser made: the credential as JSON.
    pub credential: String,
}

impl SignUpPasskey {
    /// What a browser made from the options of this setup.
    #[must_use]
    pub fn new(setup: String, credential: String) -> Self {
        Self { setup, credential }
    }
}

impl SignUp {
    /// A form by a road.
    #[must_use]
    pub fn new(form: SignUpForm, road: Road, caller: Caller) -> Self {
        Self { form, road, request: Vec::new(), caller, passkey: None, cookie: None }
    }

    /// The app's request that led here.
    #[must_use]
    pub fn with_request(self, request: Vec<(String, String)>) -> Self {
        Self { request, ..self }
    }

    /// The passkey that takes the place of the password.
    #[must_use]
    pub fn with_passkey(self, passkey: Option<SignUpPasskey>) -> Self {
        Self { passkey, ..self }
    }

    /// The cookie of the browser, which a passkey is made for.
    #[must_use]
    pub fn in_browser(self, cookie: Option<Secret>) -> Self {
        Self { cookie, ..self }
    }
}

/// Why there is no account.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignUpError {
    /// Fields have to be filled in otherwise.
    Fields(FormErrors),
    /// Everything else.
    Refused(Error),
}

impl From<Error> for SignUpError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<FormError> for SignUpError {
    fn from(error: FormError) -> Self {
        Self::Fields(error.into())
    }
}

/// What was found good before anything is made.
pub(super) struct Checked {
    pub(super) admission: Admission,
    pub(super) asked: Asked,
    pub(super) work: Work,
}

/// What is known of the work that a sign-up cost.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// None is asked for.
    NotDue,
    /// It was done.
    Done(Solved),
    /// It was due and is missing: the stricter limits count (people PPL-54).
    Missing,
}
