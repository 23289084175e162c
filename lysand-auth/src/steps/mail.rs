//! Mails are put into the outbox in the transaction of what they report; [`flows::outbox`](crate::flows::outbox) sends them
//! (PPL-167, PPL-175).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId};
use crate::model::language::Language;
use crate::model::mail::{Allowance, Bounds, Content};
use crate::model::mail_token::Link;
use crate::secret::{Digest, Secret};
use crate::store::Conn;
use crate::store::mails::NewMail;
use crate::store::{mail_tokens, mails};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Equal notices within this time are one.
const EQUAL: Duration = Duration::from_secs(600);
/// To so many addresses of an account goes what must not be missed.
const MOST_ADDRESSES: usize = 10;
/// Why a mail beyond the limits was cancelled.
const LIMITED: &str = "more than the limit of mails to this address";

/// Whether what is mailed is read: by people, or, on this machine alone, by the developer who looks into what a host keeps.
pub(crate) fn is_read(auth: &Auth) -> bool {
    let mailer = auth.mailer();
    mailer.reaches_people() || (mailer.keeps_mails() && auth.config().base_url.is_loopback())
}

/// A mail that is about to be put into the outbox: made before the transaction.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    id: String,
    token_id: String,
    now: Timestamp,
    /// Whether limits are on.
    is_limited: bool,
    is_proven: bool,
    account: Option<AccountId>,
    address: String,
    content: Content,
    link: Option<Link>,
    /// Why it goes to nobody.
    cancelled: Option<&'static str>,
}

/// What became of a mail that was put into the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// It waits there.
    Waiting,
    /// It is one too many for its address and goes to nobody. Tell only a person who is proven to own the address.
    Limited,
}

impl Outgoing {
    /// A mail to the owner of an account, in the account's language; `None` when it has no address.
    pub(crate) fn to_account(auth: &Auth, account: &Account, mail: Mail) -> Option<Self> {
        let address = account.email.as_ref()?.address.clone();
        let mail = Self::to_address(auth, address, mail);
        let mail = Self { account: Some(account.id.clone()), ..mail };
        Some(mail.with_language(account.language.clone()).with_username(account.username.clone()))
    }

    /// A mail to an address, whoever reads it.
    pub(crate) fn to_address(auth: &Auth, address: impl Into<String>, mail: Mail) -> Self {
        let ambient = auth.ambient();
        Self {
            id: ambient.id(),
            token_id: ambient.id(),
            now: ambient.now(),
            is_limited: auth.config().rate_limits.enabled,
            is_proven: false,
            account: None,
            address: address.into(),
            content: Content { mail, username: None, language: None, in_app: false },
            link: None,
            cancelled: None,
        }
    }

    /// A mail to the owner of an account whose address is confirmed; `None` for the others.
    pub(crate) fn to_confirmed(auth: &Auth, account: &Account, mail: Mail) -> Option<Self> {
        account.email.as_ref().filter(|email| email.confirmed)?;
        Self::to_account(auth, account, mail)
    }

    /// Mails to all confirmed addresses of an account, for what must not be missed (FAC-154).
    ///
    /// # Errors
    /// When the host does not answer.
    pub(crate) async fn to_every_confirmed(auth: &Auth, account: &Account, mail: &Mail) -> Result<Vec<Self>, Error> {
        let addresses = auth.accounts().addresses(&account.id).await.map_err(Error::from_host)?;
        let to = |address: String| {
            let mail = Self::to_address(auth, address, mail.clone()).about(account.id.clone());
            mail.with_language(account.language.clone()).with_username(account.username.clone())
        };
        Ok(addresses.into_iter().take(MOST_ADDRESSES).map(to).collect())
    }

    /// One that goes to nobody, for this reason: written and counted like any other, so that the work is the same (PPL-195).
    pub(crate) fn cancelled(self, why: &'static str) -> Self {
        Self { cancelled: Some(why), ..self }
    }

    /// The account that it is about, where the address is not (yet) the account's.
    pub(crate) fn about(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// The language of its reader, if it is known. An account's own is kept when this is none.
    pub(crate) fn with_language(mut self, language: Option<Language>) -> Self {
        if let Some(language) = language {
            self.content.language = Some(language.as_str().to_owned());
        }
        self
    }

    /// The name of the account that it is about.
    pub(crate) fn with_username(mut self, username: impl Into<String>) -> Self {
        self.content.username = Some(username.into());
        self
    }

    /// The same with the token of its link by itself, to be pasted into an app (native NAT-29).
    pub(crate) fn in_app(mut self, in_app: bool) -> Self {
        self.content.in_app = in_app;
        self
    }

    /// The same with no link.
    pub(crate) fn without_link(self) -> Self {
        Self { link: None, ..self }
    }

    /// Whether it is about this account.
    pub(crate) fn is_about(&self, account: &AccountId) -> bool {
        self.account.as_ref() == Some(account)
    }

    /// Whether it carries a link.
    pub(crate) fn has_link(&self) -> bool {
        self.link.is_some()
    }

    /// The link that it carries. It has its secrets when the mail is sent.
    pub(crate) fn with_link(self, link: Link) -> Self {
        Self { link: Some(link), ..self }
    }

    /// Counts it on the limit of people who have proven who they are, or use a browser that the account knows (PPL-175).
    #[allow(clippy::wrong_self_convention, reason = "it says whom the mail comes from, and converts nothing")]
    pub(crate) fn from_proven_person(self) -> Self {
        Self { is_proven: true, ..self }
    }

    /// Its key in the outbox.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn allowance(&self) -> Allowance {
        match (self.content.mail.bounds(), self.is_proven) {
            (Bounds::Notice | Bounds::Asked, _) => Allowance::Unlimited,
            (_, true) => Allowance::Proven,
            (_, false) => Allowance::Strangers,
        }
    }
}

/// Puts a mail into the outbox, in the caller's transaction. Call [`wake`] when it is committed.
///
/// One beyond the limits is written and cancelled, so that the work is the same (PPL-195).
pub(crate) async fn enqueue(c: &mut Conn, mail: Outgoing) -> Result<Queued, Error> {
    let bounds = mail.content.mail.bounds();
    let new = NewMail {
        id: mail.id.clone(),
        kind: mail.content.mail.kind(),
        account: mail.account.clone(),
        address: mail.address.clone(),
        allowance: mail.allowance(),
        urgent: mail.link.is_some(),
        context: serde_json::to_string(&mail.content).map_err(Error::failed)?,
        token_id: mail.link.as_ref().map(|_| mail.token_id.clone()),
        now: mail.now,
    };
    if bounds == Bounds::Notice && mail.link.is_none() {
        let equal = mails::count_kind(c, &new, Some(&new.context), mail.now.minus(EQUAL)).await?;
        if equal > 0 {
            return Ok(Queued::Waiting);
        }
    }
    let limited = mail.is_limited && is_beyond(c, &new, bounds).await?;
    if let Some(link) = &mail.link {
        mail_tokens::insert(c, &mail.token_id, link, &mail.address, mail.now).await?;
    }
    mails::insert(c, &new, mail.cancelled.or(limited.then_some(LIMITED))).await?;
    Ok(if limited { Queued::Limited } else { Queued::Waiting })
}

/// Puts a notice of a sign-in with a new browser into the outbox; false when there was one within the hour for the same device and
/// network, and when it is one too many (people PPL-114).
pub(crate) async fn enqueue_new_sign_in(c: &mut Conn, mail: Outgoing) -> Result<bool, Error> {
    let key = mail.address.to_lowercase();
    mails::lock_address(c, &key).await?;
    let told = mails::contents_of_kind(c, (mail.content.mail.kind(), &key), mail.now.minus(HOUR)).await?;
    let is_equal = |content: &String| {
        let told = serde_json::from_str::<Content>(content).ok();
        told.is_some_and(|told| told.mail.is_same_place(&mail.content.mail))
    };
    if told.iter().any(is_equal) {
        return Ok(false);
    }
    Ok(enqueue(c, mail).await? == Queued::Waiting)
}

/// Whether one more mail to its address would be one too many.
async fn is_beyond(c: &mut Conn, new: &NewMail, bounds: Bounds) -> Result<bool, Error> {
    let Some((an_hour, a_day)) = new.allowance.most() else { return Ok(false) };
    let key = new.key();
    mails::lock_address(c, &key).await?;
    let hour = mails::count(c, &key, new.allowance, new.now.minus(HOUR)).await?;
    let day = mails::count(c, &key, new.allowance, new.now.minus(DAY)).await?;
    let of_kind = match bounds {
        Bounds::OnceADay => mails::count_kind(c, new, None, new.now.minus(DAY)).await?,
        _ => 0,
    };
    Ok(hour >= an_hour || day >= a_day || of_kind > 0)
}

/// In the place of the token of a mail that has none: a code that nobody knows, so that whoever guesses at it is answered as
/// at any other (PPL-191, PPL-193).
#[derive(Clone, Debug)]
pub(crate) struct Decoy {
    id: String,
    link: Link,
    code: Digest,
    now: Timestamp,
}

impl Decoy {
    /// One for a link like this.
    pub(crate) fn new(auth: &Auth, link: Link) -> Self {
        let ambient = auth.ambient();
        Self { id: ambient.id(), link, code: Secret::generate(ambient).digest(), now: ambient.now() }
    }

    /// The same of an account that was just made.
    pub(crate) fn of(mut self, account: AccountId) -> Self {
        self.link.account = Some(account);
        self
    }

    /// Keeps it, in the transaction that puts the other mail into the outbox.
    pub(crate) async fn keep(self, c: &mut Conn) -> Result<(), Error> {
        mail_tokens::insert_decoy(c, &self.id, &self.link, self.code, self.now).await
    }
}

/// Has the outbox looked at soon: after the transaction that put a mail into it.
pub(crate) fn wake(auth: &Auth) {
    auth.outbox().wake();
}

/// Puts a notice about a change into the outbox, in the transaction of the change, if there is somebody to tell.
pub(crate) async fn enqueue_notice(c: &mut Conn, mail: Option<Outgoing>) -> Result<(), Error> {
    if let Some(mail) = mail {
        enqueue(c, mail).await?;
    }
    Ok(())
}

/// What the database keeps of a code: an HMAC under a key of the server's, since a code alone is quickly guessed. Spaces and
/// hyphens do not count.
pub(crate) fn code_digest(auth: &Auth, typed: &str) -> Digest {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    Secret::derive(&auth.mail_code_key(), &[digits.as_bytes()]).digest()
}
