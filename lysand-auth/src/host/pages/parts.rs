//! What several pages show: accounts, apps, links, providers, moments.

use serde::Serialize;

use crate::ambient::Timestamp;

/// An identity provider as pages offer it.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderOnPage<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its icon, when it is on this server; pages load nothing from elsewhere (security WEB-6).
    pub icon: Option<&'a str>,
    /// The link that starts a sign-in there.
    pub start: String,
}

/// A moment as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct MomentOnPage {
    /// ISO 8601 in UTC, for programs and for hosts that write days in another language.
    pub iso8601: String,
    /// The day in English words, `21 November 2026`; [`page_texts`](crate::web::page_texts) lists how days are written.
    pub day: String,
}

impl From<Timestamp> for MomentOnPage {
    fn from(moment: Timestamp) -> Self {
        Self { iso8601: moment.to_iso8601(), day: moment.to_day() }
    }
}

/// An app as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct AppOnPage<'a> {
    /// The name that it registered.
    pub name: &'a str,
    /// Its website, only when that is http or https, without user information: what a link leads to.
    pub website: Option<&'a str>,
    /// The website's host as a person should see it, in ASCII (`xn--…`): show this, not the whole address (faults F7).
    pub website_host: Option<String>,
}

/// An address that an app gives of itself: http or https.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LinkOnPage<'a> {
    /// What is there, in English: one of [`page_texts`](crate::web::page_texts).
    pub label: &'a str,
    /// The address.
    pub address: &'a str,
}

impl<'a> LinkOnPage<'a> {
    /// An address, and what is there.
    #[must_use]
    pub fn new(label: &'a str, address: &'a str) -> Self {
        Self { label, address }
    }
}

/// An account as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct AccountOnPage<'a> {
    /// The local name.
    pub username: &'a str,
    /// The name to show; may be empty.
    pub display_name: &'a str,
}
