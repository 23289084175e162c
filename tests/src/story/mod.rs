//! A story over HTTP: the real server, in this process, on a free loopback port, with a clock that the test moves.
//!
//! *Story* is this project's word for a test that is told once and runs on SQLite and on PostgreSQL:
//!
//! ```no_run
//! # use tests::story;
//! story!(apps_without_a_token_are_refused, |story| {
//!     story.get("/api/v1/apps/verify_credentials").send().await.is(401);
//! });
//! ```
//!
//! [`story!`](macro@crate::story) makes two tests of it, `NAME::sqlite` and `NAME::postgres`.

mod server;
mod sso;

pub use self::server::Story;
pub use crate::app::{App, CALLBACK, SignedIn, TokenPair};
pub use crate::http::{CookieJar, Request, Response, encode, query_of};

/// Runs one test on both databases: two tests, `NAME::sqlite` and `NAME::postgres`.
#[macro_export]
macro_rules! story {
    ($name:ident, |$story:ident| $body:block) => {
        $crate::story!($name, &[], |$story| $body);
    };
    ($name:ident, $settings:expr, |$story:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn test($story: $crate::story::Story) $body

            #[tokio::test]
            async fn sqlite() {
                test($crate::story::Story::begin($crate::Backend::Sqlite, $settings).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                test($crate::story::Story::begin($crate::Backend::Postgres, $settings).await).await;
            }
        }
    };
}
