//! Everything of an account ends, in the transaction of what ends it (people PPL-96, PPL-109, security REV-1).

use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::mail_token::Purpose;
use crate::model::session::SessionId;
use crate::model::way_back::Stop;
use crate::steps::way_back_stop;
use crate::store::tokens::SparedTokens;
use crate::store::{
    Conn, authorizations, credentials, device_codes, email_changes, mail_tokens, sessions, sso_flows, tokens, waiting,
};

/// What lives on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spared {
    /// One session.
    pub(crate) session: Option<SessionId>,
    /// Some tokens.
    pub(crate) tokens: SparedTokens,
}

/// Ends sessions, codes, tokens, links to providers that are under way, and what browsers wait with. Whatever was proven before
/// begins no session any more.
pub(crate) async fn end_everything(
    c: &mut Conn,
    account: &AccountId,
    spared: &Spared,
    now: Timestamp,
) -> Result<(), Error> {
    credentials::advance(c, account).await?;
    end_rest(c, account, spared, now).await
}

/// The same in a transaction that has [advanced](credentials::advance_from) the account's credentials.
pub(crate) async fn end_rest(c: &mut Conn, account: &AccountId, spared: &Spared, now: Timestamp) -> Result<(), Error> {
    sessions::end_others(c, account, spared.session.as_ref(), now).await?;
    // Tokens before and after the codes: a living token may be about to approve a code, a code to bring a token.
    tokens::revoke_others_of_account(c, account, &spared.tokens, now).await?;
    authorizations::revoke_all_of_account(c, account, now).await?;
    device_codes::void_of_account(c, account).await?;
    sso_flows::end_all_of_account(c, account, now).await?;
    waiting::delete_of_account(c, account).await?;
    tokens::revoke_others_of_account(c, account, &spared.tokens, now).await
}

/// Ends the links of mails that a change of password or address makes void, the change of address that waits, and a way back that
/// was asked for (FAC-113). The link that undoes an earlier change stays: it is for whoever lost the account (people PPL-90, PPL-104).
pub(crate) async fn end_mailed_links(c: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
    mail_tokens::end_of_account(c, account, &[Purpose::Reset, Purpose::FirstPassword], now).await?;
    way_back_stop::stop(c, account, (Stop::Credentials, None), now).await?;
    end_change_of_address(c, account, now).await.map(drop)
}

/// Ends the change of address that waits, and its links; false when none does.
pub(crate) async fn end_change_of_address(c: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool, Error> {
    mail_tokens::end_of_account(c, account, &[Purpose::EmailConfirm, Purpose::EmailStop], now).await?;
    email_changes::end_pending(c, account, now).await
}
