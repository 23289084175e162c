//! Networks and mail domains that are kept out, by Mastodon's admin API (people PPL-154b).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::paths::{DOMAIN_READS, DOMAIN_WRITES, EMAIL_DOMAIN_BLOCKS, IP_BLOCKS, IP_READS, IP_WRITES};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin;
use crate::flows::blocks::{self, By, EmailDomainBlock, IpBlock, WantedIpBlock};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::form_error::FormErrors;
use crate::model::list_page::ListSpan;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// How many a page has where nobody says.
const PAGE: i64 = 100;

/// `GET /api/v1/admin/ip_blocks`
pub(super) async fn networks(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(IP_READS).await?;
    admin::require_admin(&staff)?;
    let found = blocks::networks(&auth, By::Staff(&staff), span(&received.0?)?).await?;
    Ok(list_page::reply(&auth, IP_BLOCKS, &found, |block| (block.id.as_str(), network_entity(block))))
}

/// `GET /api/v1/admin/ip_blocks/:id`
pub(super) async fn network(auth: Data<Auth>, bearer: Bearer, id: Path<String>) -> Answer {
    let staff = bearer.account(IP_READS).await?;
    Ok(reply(&network_entity(&blocks::network_block(&auth, By::Staff(&staff), &id).await?)))
}

/// `POST /api/v1/admin/ip_blocks`
pub(super) async fn block_network(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let (staff, caller) = writer(&auth, &req, &bearer, IP_WRITES).await?;
    let wanted = wanted(&received.0?)?;
    told(blocks::block_network(&auth, By::Staff(&staff), wanted, &caller).await?, network_entity)
}

/// `PUT /api/v1/admin/ip_blocks/:id`
pub(super) async fn change_network(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let (staff, caller) = writer(&auth, &req, &bearer, IP_WRITES).await?;
    let wanted = wanted(&received.0?)?;
    told(blocks::change_network(&auth, By::Staff(&staff), &id, wanted, &caller).await?, network_entity)
}

/// `DELETE /api/v1/admin/ip_blocks/:id`
pub(super) async fn unblock_network(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let (staff, caller) = writer(&auth, &req, &bearer, IP_WRITES).await?;
    blocks::unblock_network(&auth, By::Staff(&staff), &id, &caller).await?;
    Ok(reply(&json!({})))
}

/// `GET /api/v1/admin/email_domain_blocks`
pub(super) async fn domains(auth: Data<Auth>, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(DOMAIN_READS).await?;
    admin::require_admin(&staff)?;
    let found = blocks::domains(&auth, By::Staff(&staff), span(&received.0?)?).await?;
    Ok(list_page::reply(&auth, EMAIL_DOMAIN_BLOCKS, &found, |block| (block.id.as_str(), domain_entity(block))))
}

/// `GET /api/v1/admin/email_domain_blocks/:id`
pub(super) async fn domain(auth: Data<Auth>, bearer: Bearer, id: Path<String>) -> Answer {
    let staff = bearer.account(DOMAIN_READS).await?;
    Ok(reply(&domain_entity(&blocks::domain_block(&auth, By::Staff(&staff), &id).await?)))
}

/// `POST /api/v1/admin/email_domain_blocks`
pub(super) async fn block_domain(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let (staff, caller) = writer(&auth, &req, &bearer, DOMAIN_WRITES).await?;
    let name = received.0?.given_text("domain")?.unwrap_or_default();
    told(blocks::block_domain(&auth, By::Staff(&staff), &name, &caller).await?, domain_entity)
}

/// `DELETE /api/v1/admin/email_domain_blocks/:id`
pub(super) async fn unblock_domain(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let (staff, caller) = writer(&auth, &req, &bearer, DOMAIN_WRITES).await?;
    blocks::unblock_domain(&auth, By::Staff(&staff), &id, &caller).await?;
    Ok(reply(&json!({})))
}

/// The admin who changes something, and from where.
async fn writer(
    auth: &Auth,
    req: &HttpRequest,
    bearer: &Bearer,
    scopes: &'static [&'static str],
) -> Result<(Account, Caller), ApiError> {
    let (staff, caller) = (bearer.account(scopes).await?, wire::caller(req, auth.config()));
    admin::require_admin(&staff)?;
    admin::admit_change(auth, &staff, &caller).await?;
    Ok((staff, caller))
}

/// What a body says of a network. Of what it does not name nothing is said; null is for ever.
pub(super) fn wanted(params: &Params) -> Result<WantedIpBlock, Error> {
    let given = |name| params.given_text(name);
    let expires_in = if params.is_null("expires_in") { Some(String::new()) } else { given("expires_in")? };
    Ok(WantedIpBlock { ip: given("ip")?, severity: given("severity")?, comment: given("comment")?, expires_in })
}

fn span(params: &Params) -> Result<ListSpan, Error> {
    let span = list_page::span(params)?;
    Ok(ListSpan { limit: span.limit.filter(|limit| *limit > 0).or(Some(PAGE)), ..span })
}

fn told<T>(done: Result<T, FormErrors>, entity: impl Fn(&T) -> Value) -> Answer {
    Ok(match done {
        Ok(block) => reply(&entity(&block)),
        Err(errors) => field_errors(&errors),
    })
}

fn network_entity(block: &IpBlock) -> Value {
    json!({
        "id": block.id,
        "ip": block.network,
        "severity": block.severity.name(),
        "comment": block.comment,
        "created_at": block.created_at.to_iso8601(),
        "expires_at": block.expires_at.map(|end| end.to_iso8601()),
    })
}

/// Who tried with an address of the domain is kept nowhere (people PPL-160), so there is no history of it.
fn domain_entity(block: &EmailDomainBlock) -> Value {
    json!({
        "id": block.id,
        "domain": block.domain,
        "created_at": block.created_at.to_iso8601(),
        "history": [],
    })
}
