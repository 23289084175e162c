//! Who calls: the token of a Resonite session, in the scheme of its own (native 3.3).

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::answer::ResoniteError;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::bearer::note_use;
use crate::flows::native::{Dialect, NativeCaller, is_of_machine, of_token, user_id};
use crate::model::account::Account;
use crate::secret::Secret;
use crate::web::kit::bearer::CheckedSession;
use crate::web::wire::request;

/// The longest header that names a machine, in characters.
const LONGEST_UID: usize = 128;

/// Somebody who calls with a session of a Resonite client: `Authorization: res U-…:token`. A request without a good one is answered
/// with 403 and plain text, as those clients expect.
///
/// ```
/// use actix_web::web::Path;
/// use actix_web::{Error, HttpResponse};
/// use lysand_auth::web::native::Res;
///
/// async fn contacts(res: Res, user_id: Path<String>) -> Result<HttpResponse, Error> {
///     res.require_own(&user_id)?;
///     Ok(HttpResponse::Ok().body(res.account().username.clone()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Res {
    caller: NativeCaller,
}

impl Res {
    /// The account, which may act.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.caller.account
    }

    /// The sign-in: the name of the grant that [`Revocations`](crate::host::revocations::Revocations) are told when it is over.
    #[must_use]
    pub fn sign_in(&self) -> &str {
        self.caller.sign_in()
    }

    /// The account's id as clients write it: `U-…`.
    #[must_use]
    pub fn user_id(&self) -> String {
        user_id(&self.caller.account.id)
    }

    /// Demands that an id in the path is the account's own.
    ///
    /// # Errors
    /// 403.
    pub fn require_own(&self, user_id: &str) -> Result<(), actix_web::Error> {
        self.own(user_id).map_err(Into::into)
    }

    pub(super) fn own(&self, user_id: &str) -> Result<(), ResoniteError> {
        match self.user_id() == user_id {
            true => Ok(()),
            false => Err(ResoniteError::forbidden("Not your own")),
        }
    }

    pub(crate) fn caller(&self) -> &NativeCaller {
        &self.caller
    }

    /// Who calls with this request.
    pub(crate) async fn of(auth: &Auth, req: &HttpRequest) -> Result<Self, ResoniteError> {
        let (named, token) = request::res(req.headers()).ok_or_else(ResoniteError::no_session)?;
        let checked = req.extensions_mut().remove::<CheckedSession>().map(|checked| checked.0);
        let source = request::source(req, auth.config());
        let found = of_token(auth, (Dialect::Resonite, &token), source, checked).await?;
        let caller = found.filter(|caller| user_id(&caller.account.id) == named);
        let caller = caller.ok_or_else(ResoniteError::no_session)?;
        if !is_of_machine(auth, &caller, uid(req).as_ref()).await? {
            return Err(ResoniteError::no_session());
        }
        note_use(auth, &caller.bearer, source);
        Ok(Self { caller })
    }
}

impl FromRequest for Res {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (auth, req) = (req.app_data::<Data<Auth>>().cloned(), req.clone());
        Box::pin(async move {
            let none = || Error::failed("lysand_auth::web::mount was not called on this app");
            let auth = auth.ok_or_else(none).map_err(ResoniteError::from)?;
            Ok(Self::of(&auth, &req).await?)
        })
    }
}

/// What the machine is called that a request comes from: visible ASCII, once; nothing for everything else.
pub(super) fn uid(req: &HttpRequest) -> Option<Secret> {
    single(req, "uid").filter(|uid| {
        (1..=LONGEST_UID).contains(&uid.expose().len()) && uid.expose().bytes().all(|byte| byte.is_ascii_graphic())
    })
}

/// The value of a header that stands once.
pub(super) fn single(req: &HttpRequest, name: &str) -> Option<Secret> {
    let mut values = req.headers().get_all(name);
    let (first, second) = (values.next(), values.next());
    first.filter(|_| second.is_none())?.to_str().ok().map(Secret::new)
}
