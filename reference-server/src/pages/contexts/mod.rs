//! The contexts of this server's own pages: what their templates are given. The library's pages bring theirs
//! (`lysand_auth::host::pages`).

mod about;
mod account;
mod api_docs;
mod demo;
mod home;
mod notice;
mod public_profile;
mod setup;

pub use self::about::{AboutPage, TextOnPage};
pub use self::account::{AccountPage, Actions, Identity, LanguageChoice, Links};
pub use self::api_docs::{ApiDocsPage, ApiOperation, ApiSection};
pub use self::demo::{DemoPage, Message, Parameter, Step};
pub use self::home::{DemoOffer, HomePage};
pub use self::notice::{Notice, NoticeKind};
pub use self::public_profile::PublicProfilePage;
pub use self::setup::{FieldErrors, SetupPage};
