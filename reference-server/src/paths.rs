//! The paths that several modules name; a path that one module alone needs is in that module.

/// Where a person starts.
pub const HOME: &str = "/";

/// What people read about this server before they sign up.
pub const ABOUT: &str = "/about";

/// What programs can ask of this server, as OpenAPI and for people.
pub const OPENAPI: &str = "/api-docs/openapi.json";
pub const API_DOCS: &str = "/api-docs";

/// The page of the signed-in person's own account.
pub const ACCOUNT: &str = "/account";

/// The library's page of the own invitations.
pub const INVITATIONS: &str = "/account/invitations";

/// The library's pages for the people who run the server.
pub const ADMIN: &str = "/admin";

/// The library's page of the own profile.
pub const PROFILE: &str = "/account/profile";

/// Where the forms of that page post to.
pub const ACCOUNT_LINK: &str = "/account/link";
pub const ACCOUNT_UNLINK: &str = "/account/unlink";
/// Where the library asks whether it is you, on the way to [`ACCOUNT`].
pub const CONFIRM_FOR_ACCOUNT: &str = "/account/confirm?then=/account";
pub const ACCOUNT_LANGUAGE: &str = "/account/language";

/// The library's pages of the own password, address, and what happened to the account.
pub const ACCOUNT_PASSWORD: &str = "/account/password";
pub const ACCOUNT_EMAIL: &str = "/account/email";
pub const ACCOUNT_CLOSE: &str = "/account/close";
pub const ACCOUNT_EXPORT: &str = "/account/export";
pub const ACCOUNT_TOKENS: &str = "/account/tokens";
pub const ACCOUNT_ACTIVITY: &str = "/account/activity";

/// Where a person signs in to this server itself, and where the sign-in brings the browser back.
pub const SIGN_IN: &str = "/account/sign-in";
pub const SIGNED_IN: &str = "/account/signed-in";

/// The set-up link, which makes the first admin.
pub const SETUP: &str = "/setup";

/// Where the form "try the sign-in" posts to.
pub const DEMO_START: &str = "/demo/start";

/// Where the demo takes the browser back.
pub const DEMO_CALLBACK: &str = "/demo/callback";

/// The library's page of the apps that may act for the person who is signed in (Mastodon §16).
pub const AUTHORIZED_APPLICATIONS: &str = "/oauth/authorized_applications";
