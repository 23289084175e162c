//! Telling the owner of an account by mail what was changed. The change stands whether or not the mail can be sent.

use std::time::Duration;

use crate::auth::Auth;
use crate::host::mailer::Mail;
use crate::model::account::Account;

/// How long the host may take; the person in front of the browser waits as long.
const MAILER_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends a mail, or writes into the log that it was not sent.
pub(crate) async fn send_mail(auth: &Auth, to: &Account, mail: Mail) {
    match tokio::time::timeout(MAILER_TIMEOUT, auth.mailer().send(to, mail)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(account = %to.id, why = ?error.to_string(), "a mail cannot be sent"),
        Err(_) => tracing::error!(account = %to.id, "a mail cannot be sent: the mailer takes too long"),
    }
}
