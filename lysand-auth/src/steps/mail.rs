//! Telling the owner of an account by mail what was changed. The change stands whether or not the mail can be sent.

use std::time::Duration;

use crate::auth::Auth;
use crate::host::mailer::{Letter, Mail, MailRefused};
use crate::model::account::Account;

/// How long the host may take; the person in front of the browser waits as long.
const MAILER_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends a mail to the owner of an account that has an address, or writes into the log that it was not sent.
pub(crate) async fn send_mail(auth: &Auth, to: &Account, mail: Mail) {
    let Some(letter) = Letter::to(to, mail) else { return };
    match tokio::time::timeout(MAILER_TIMEOUT, auth.mailer().send(&letter)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            let for_good = error.is::<MailRefused>();
            tracing::error!(account = %to.id, why = ?error.to_string(), for_good, "a mail cannot be sent");
        }
        Err(_) => tracing::error!(account = %to.id, "a mail cannot be sent: the mailer takes too long"),
    }
}
