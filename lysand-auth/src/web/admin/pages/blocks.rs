//! `GET /admin/blocks` and `GET /admin/blocks/domains`: networks and mail domains that admins keep out (people PPL-154b).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::frame::{BLOCKS, Posted, acted, frame, looked, shown};
use super::listing::Listing;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin;
use crate::flows::blocks::{self as flow, By, IpBlock, Severity, WantedIpBlock};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{AdminBlocksPage, BlockFields, BlockRow, ChoiceOnPage, FieldOnPage, Page};
use crate::model::account::Account;
use crate::model::form_error::FormErrors;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// Where the mail domains are.
pub(super) const DOMAINS: &str = "/admin/blocks/domains";

/// What the page says beside the list.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    error: Option<String>,
    errors: FormErrors,
}

/// `GET /admin/blocks`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let notice = match params.last_text("notice").as_deref() {
            Some("made") => Some(texts::BLOCK_MADE),
            Some("ended") => Some(texts::BLOCK_ENDED),
            _ => None,
        };
        list(&auth, &req, params, (staff, form.token()), Said { notice, ..Said::default() }).await
    })
    .await
}

/// `POST /admin/blocks`, with `do` = `make` or `end`.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        admin::require_admin(&staff.account)?;
        let again = |said: Said| list(&auth, &req, &form.params, (&staff, form.token()), said);
        let wrong = |why: &str| Said { error: Some(why.to_owned()), ..Said::default() };
        if form.is_stale()? {
            return again(wrong(texts::TRY_AGAIN)).await;
        }
        match changed(&auth, &req, &form, &staff.account).await {
            Ok(Ok(notice)) => {
                let place = with_query(&auth.config().base_url.join(path(&req)), [("notice", notice)]);
                Ok(redirect(&form.reader().keep(&place)))
            }
            Ok(Err(said)) => again(said).await,
            Err(Error::Refused(refusal)) if refusal.retry_after.is_none() => again(wrong(&refusal.why)).await,
            Err(error) => Err(error),
        }
    })
    .await
}

/// Which of the two lists the request is about.
fn path(req: &HttpRequest) -> &'static str {
    if req.path().trim_end_matches('/').ends_with("/domains") { DOMAINS } else { BLOCKS }
}

async fn changed(
    auth: &Auth,
    req: &HttpRequest,
    form: &PostedForm,
    staff: &Account,
) -> Result<Result<&'static str, Said>, Error> {
    let (caller, is_domains) = (wire::caller(req, auth.config()), path(req) == DOMAINS);
    let id = form.text("id")?.unwrap_or_default();
    let kept = match (form.text("do")?.as_deref(), is_domains) {
        (Some("end"), true) => {
            flow::unblock_domain(auth, By::Staff(staff), &id, &caller).await?;
            return Ok(Ok("ended"));
        }
        (Some("end"), false) => {
            flow::unblock_network(auth, By::Staff(staff), &id, &caller).await?;
            return Ok(Ok("ended"));
        }
        (Some("make"), true) => {
            let name = form.text("domain")?.unwrap_or_default();
            flow::block_domain(auth, By::Staff(staff), &name, &caller).await?.map(drop)
        }
        (Some("make"), false) => {
            let wanted = WantedIpBlock {
                ip: form.text("ip")?,
                severity: form.text("severity")?,
                comment: form.text("comment")?,
                expires_in: form.text("expires_in")?,
            };
            flow::block_network(auth, By::Staff(staff), wanted, &caller).await?.map(drop)
        }
        _ => return Ok(Err(Said { error: Some(texts::NOTHING_CHOSEN.to_owned()), ..Said::default() })),
    };
    Ok(kept.map(|()| "made").map_err(|errors| Said { errors, ..Said::default() }))
}

async fn list(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let (staff, path) = (&browser.account, path(req));
    let reader = params.reader(req).for_account(Some(staff));
    let (listing, is_domains) = (Listing::new(path, params, &[]), path == DOMAINS);
    let (blocks, neighbours) = match is_domains {
        true => {
            let found = flow::domains(auth, By::Staff(staff), listing.span()).await?;
            let neighbours = listing.neighbours(auth, &reader, &found, |block| &block.id);
            let row = |block: flow::EmailDomainBlock| BlockRow {
                id: block.id,
                subject: block.domain,
                severity: None,
                comment: String::new(),
                made: block.created_at.into(),
                expires: None,
            };
            (found.items.into_iter().map(row).collect(), neighbours)
        }
        false => {
            let found = flow::networks(auth, By::Staff(staff), listing.span()).await?;
            let neighbours = listing.neighbours(auth, &reader, &found, |block| &block.id);
            (found.items.into_iter().map(network_row).collect(), neighbours)
        }
    };
    let is_wrong = said.error.is_some() || !said.errors.0.is_empty();
    let other = if is_domains { BLOCKS } else { DOMAINS };
    let page = Page::AdminBlocks(Box::new(AdminBlocksPage {
        frame: frame(auth, &reader, staff, BLOCKS).await?,
        action: reader.keep(path),
        form_token,
        of_domains: is_domains,
        others: reader.keep(&auth.config().base_url.join(other)),
        blocks,
        neighbours,
        fields: fields(params, &said.errors),
        notice: said.notice,
        error: said.error,
    }));
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

fn network_row(block: IpBlock) -> BlockRow {
    BlockRow {
        id: block.id,
        subject: block.network,
        severity: Some(severity_words(block.severity)),
        comment: block.comment,
        made: block.created_at.into(),
        expires: block.expires_at.map(Into::into),
    }
}

const fn severity_words(severity: Severity) -> &'static str {
    match severity {
        Severity::SignUpRequiresApproval => texts::BLOCK_REVIEWS,
        Severity::SignUpBlock => texts::BLOCK_SIGN_UPS,
        Severity::NoAccess => texts::BLOCK_EVERYTHING,
    }
}

fn fields(params: &Params, errors: &FormErrors) -> BlockFields {
    let value = |name: &str| params.body_text(name).ok().flatten().unwrap_or_default();
    let field = |name: &'static str| FieldOnPage {
        asked: true,
        required: false,
        value: value(name),
        error: errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone()),
    };
    let chosen = Severity::named(&value("severity")).unwrap_or(Severity::SignUpBlock);
    let choice = |severity: Severity| ChoiceOnPage {
        name: severity.name(),
        words: severity_words(severity),
        chosen: severity == chosen,
    };
    BlockFields {
        ip: field("ip"),
        severities: Severity::ALL.map(choice).into(),
        comment: field("comment"),
        expires_in: field("expires_in"),
        domain: field("domain"),
    }
}
