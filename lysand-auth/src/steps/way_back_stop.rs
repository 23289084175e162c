//! What stops the request of somebody who lost their second factors, in the transaction of what does (FAC-113).

use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::event::NewEvent;
use crate::model::way_back::Stop;
use crate::store::{Conn, events, mail_tokens, way_back};

/// Stops the open request of an account, if there is one; false when there is none. The links of its mails are dead from then on. Its
/// owner and the host are told afterwards, and so is the log of events where no `event` is given.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn stop(
    c: &mut Conn,
    account: &AccountId,
    (why, event): (Stop, Option<NewEvent>),
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(id) = way_back::stop(c, account, why, now).await? else { return Ok(false) };
    mail_tokens::end_of_subject(c, &id, now).await?;
    if let Some(event) = event {
        events::add(c, event).await?;
    }
    Ok(true)
}

/// Whether what stops a request records that itself, in its transaction: it knows who did it, and from where.
pub(crate) fn is_recorded(why: Stop) -> bool {
    matches!(why, Stop::Owner | Stop::Mail | Stop::Factor)
}
