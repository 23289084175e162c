//! Without the feature `passkeys` there is no relying party, and so there are no passkeys.

use serde_json::Value;
use url::Url;

use super::credential::{Challenge, Known, Made, NotAccepted, Presented, Used, User, Verification};

/// What there is none of.
pub(crate) enum RelyingParty {}

impl RelyingParty {
    pub(crate) fn new(_id: &str, _name: &str, _origins: Vec<Url>) -> Option<Self> {
        None
    }

    pub(crate) fn id(&self) -> &str {
        match *self {}
    }

    pub(crate) fn creation_options(&self, _: &Challenge, _: User<'_>, _: &[Known], _: Verification) -> Value {
        match *self {}
    }

    pub(crate) fn request_options(&self, _: &Challenge, _: &[Known], _: Verification) -> Value {
        match *self {}
    }

    pub(crate) fn register(&self, _: &Presented, _: Verification) -> Result<Made, NotAccepted> {
        match *self {}
    }

    pub(crate) fn check(&self, _: &Presented, _: (&str, u32), _: Verification) -> Result<Used, NotAccepted> {
        match *self {}
    }
}
