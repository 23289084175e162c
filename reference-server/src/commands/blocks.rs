//! `blocks …`: networks and mail domains that are kept out

use lysand_auth::flows::blocks::{self, By, EmailDomainBlock, IpBlock, ListPage, ListSpan, Severity, WantedIpBlock};
use lysand_auth::flows::events::Caller;
use serde_json::{Value, json};

use super::cli::{AddBlock, BlocksCommand};
use super::error::CommandError;
use super::outcome::Outcome;
use super::output;
use crate::settings;
use crate::state::State;

/// Does a `blocks` command.
pub(super) async fn run(state: &State, command: BlocksCommand, as_json: bool) -> Result<Outcome, CommandError> {
    match command {
        BlocksCommand::List => list(state, as_json).await,
        BlocksCommand::Add(wanted) => add(state, wanted, as_json).await,
        BlocksCommand::Remove { what } => remove(state, &what).await,
    }
}

/// Whether a text is about a network and not about a domain: no domain ends in a number.
fn is_network(what: &str) -> bool {
    let last = what.trim().trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    what.contains([':', '/']) || last.bytes().all(|byte| byte.is_ascii_digit())
}

async fn add(state: &State, wanted: AddBlock, as_json: bool) -> Result<Outcome, CommandError> {
    let made = match is_network(&wanted.what) {
        true => network_entity(&add_network(state, wanted).await?),
        false => domain_entity(&add_domain(state, wanted).await?),
    };
    if as_json {
        output::json(&made);
    } else {
        output::text("The block is made. It counts now.\n");
    }
    Ok(Outcome::changed("blocks add"))
}

async fn add_network(state: &State, wanted: AddBlock) -> Result<IpBlock, CommandError> {
    let seconds = |text: String| {
        let duration = settings::duration(&text);
        duration
            .map(|duration| duration.as_secs().to_string())
            .ok_or_else(|| CommandError::new(format!("--expires {text:?}: write a duration, such as 7d or 12h")))
    };
    let mut block = WantedIpBlock::default();
    block.ip = Some(wanted.what);
    block.severity = Some(wanted.severity.unwrap_or_else(|| Severity::SignUpBlock.name().to_owned()));
    block.comment = wanted.comment;
    block.expires_in = wanted.expires.map(seconds).transpose()?;
    let made = blocks::block_network(&state.auth, By::Command, block, &Caller::default()).await?;
    made.map_err(|errors| CommandError::new(errors.to_string()))
}

async fn add_domain(state: &State, wanted: AddBlock) -> Result<EmailDomainBlock, CommandError> {
    if wanted.severity.is_some() || wanted.expires.is_some() || wanted.comment.is_some() {
        return Err(CommandError::new("--severity, --expires and --comment are for networks alone"));
    }
    let made = blocks::block_domain(&state.auth, By::Command, &wanted.what, &Caller::default()).await?;
    made.map_err(|errors| CommandError::new(errors.to_string()))
}

async fn remove(state: &State, what: &str) -> Result<Outcome, CommandError> {
    let (auth, caller) = (&state.auth, Caller::default());
    let named = what.trim().to_lowercase();
    // As it is kept: an address is a network of its own.
    let is_it = |network: &str| network == named || network.split_once('/').is_some_and(|(own, _)| own == named);
    let (networks, domains) = all(state).await?;
    let exact = networks.iter().find(|block| block.id == what || block.network == named);
    let host = || networks.iter().find(|block| is_it(&block.network) && is_single(&block.network));
    if let Some(block) = exact.or_else(host) {
        blocks::unblock_network(auth, By::Command, &block.id, &caller).await?;
    } else if let Some(block) = domains.iter().find(|block| block.id == what || block.domain == named) {
        blocks::unblock_domain(auth, By::Command, &block.id, &caller).await?;
    } else {
        return Err(CommandError::new(format!("there is no block of {what:?}: `blocks list` shows all")));
    }
    output::text("The block is ended.\n");
    Ok(Outcome::changed("blocks remove"))
}

/// Whether a network is one address.
fn is_single(network: &str) -> bool {
    network.ends_with("/32") && !network.contains(':') || network.ends_with("/128")
}

/// All of them, the newest first.
async fn all(state: &State) -> Result<(Vec<IpBlock>, Vec<EmailDomainBlock>), CommandError> {
    let (mut networks, mut domains) = (Vec::new(), Vec::new());
    let span = |oldest: Option<&String>| {
        let mut span = ListSpan::default();
        (span.max_id, span.limit) = (oldest.cloned(), Some(100));
        span
    };
    loop {
        let span = span(networks.last().map(|block: &IpBlock| &block.id));
        let ListPage { items, has_older, .. } = blocks::networks(&state.auth, By::Command, span).await?;
        networks.extend(items);
        if !has_older {
            break;
        }
    }
    loop {
        let span = span(domains.last().map(|block: &EmailDomainBlock| &block.id));
        let ListPage { items, has_older, .. } = blocks::domains(&state.auth, By::Command, span).await?;
        domains.extend(items);
        if !has_older {
            break;
        }
    }
    Ok((networks, domains))
}

async fn list(state: &State, as_json: bool) -> Result<Outcome, CommandError> {
    let (networks, domains) = all(state).await?;
    if as_json {
        output::json(&networks.iter().map(network_entity).chain(domains.iter().map(domain_entity)).collect());
        return Ok(Outcome::looked());
    }
    let network = |block: &IpBlock| {
        let until = block.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_iso8601());
        let severity = block.severity.name().to_owned();
        vec![block.id.clone(), block.network.clone(), severity, until, block.comment.clone()]
    };
    let domain = |block: &EmailDomainBlock| {
        let dash = || "-".to_owned();
        vec![block.id.clone(), block.domain.clone(), dash(), "never".to_owned(), String::new()]
    };
    let rows: Vec<_> = networks.iter().map(network).chain(domains.iter().map(domain)).collect();
    output::text(&output::table(&["ID", "NETWORK OR DOMAIN", "SEVERITY", "EXPIRES", "COMMENT"], &rows));
    Ok(Outcome::looked())
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

fn domain_entity(block: &EmailDomainBlock) -> Value {
    json!({ "id": block.id, "domain": block.domain, "created_at": block.created_at.to_iso8601() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_command_tells_networks_and_domains_apart() {
        for network in ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "::1", "520.13.54.120", "1.2.3.4."] {
            assert!(is_network(network), "{network}");
        }
        for domain in ["spam.example", "xn--bcher-kva.example", "1.2.3.4.example", "a1", "example.c0m"] {
            assert!(!is_network(domain), "{domain}");
        }
    }
}
