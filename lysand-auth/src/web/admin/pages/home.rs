//! `GET /admin`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::frame::{HOME, Visitor, frame, rendered, shown, visitor};
use crate::auth::Auth;
use crate::flows::{admin, sign_up};
use crate::host::pages::{AdminHomePage, Page};
use crate::web::wire::params::Received;

/// `GET /admin`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let reply = async {
        let reader = received.0?.reader(&req);
        let staff = match visitor(&auth, &req, &reader).await? {
            Visitor::Staff(staff) => staff,
            Visitor::Other(reply) => return Ok(reply),
        };
        let reader = reader.for_account(Some(&staff.account));
        let counts = admin::counts(&auth).await?;
        let page = Page::AdminHome(AdminHomePage {
            frame: frame(&auth, &reader, &staff.account, HOME).await?,
            people: counts.accounts,
            stopped: counts.stopped,
            failed_mails: counts.failed_mails,
            reaches_nobody: !auth.mailer().reaches_people(),
            mode: sign_up::mode(&auth, sign_up::Road::Page).name(),
        });
        Ok(shown(&auth, &req, &reader, &page, false).await)
    };
    rendered(reply.await, &auth, &req).await
}
