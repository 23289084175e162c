//! The pages of a sign-in: what the library wants shown, and where a frontend shows it instead.

#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod accounts;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod admin;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod admin_lists;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod admin_settings;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod devices;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod factors;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod leaving;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod page;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod parts;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod people;
mod plain;
mod reply;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod sign_ins;
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of them for tests of its pages")]
mod tokens;

pub use self::accounts::{AccountChoice, ChooseAccountPage};
pub use self::admin::*;
pub use self::admin_lists::*;
pub use self::admin_settings::*;
pub use self::devices::{DevicePage, DeviceRequestOnPage, ProgramSignInPage};
pub use self::factors::*;
pub use self::leaving::{ClosePage, ExportPage};
pub(crate) use self::page::FrontendPages;
pub use self::page::*;
pub use self::parts::{AccountOnPage, AppOnPage, LinkOnPage, MomentOnPage, ProviderOnPage};
pub use self::people::{
    ActivityOnPage, ActivityPage, AddressPage, ConfirmAddressPage, ConfirmIdentityPage, EmailPage, FieldOnPage,
    ForgotPage, InvitationFields, InvitationOnPage, InvitationsPage, LanguageOnPage, MessagePage, PasswordPage,
    ProfilePage, ProviderSignUpOnPage, ResetPage, SignUpFields, SignUpPage, WaitingPage,
};
pub use self::plain::Plain;
pub use self::reply::{HtmlPage, InvalidSource, PageReply, PageRequest, PageSources, SourceKind};
pub use self::sign_ins::{
    AccessOnPage, EndAppsOnPage, EndAppsPage, EndEverythingPage, SessionOnPage, SessionsPage, SignOutPage, TokenRow,
    TrustedOnPage,
};
pub use self::tokens::{LifetimeOnPage, MadeTokenOnPage, ScopeOnPage, TokenOnPage, TokensPage};
