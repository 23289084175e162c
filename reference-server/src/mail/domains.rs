//! Where the mail of a domain goes, as the domain name system says (people PPL-44).

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use lysand_auth::host::HostResult;
use lysand_auth::host::mail_domains::MailDomains;
use tokio::sync::Semaphore;

use crate::settings::NameServer;

/// How many domains are looked up at once; others wait for their turn.
const AT_ONCE: usize = 16;

/// Looks up MX records.
pub struct MxRecords {
    resolver: TokioResolver,
    turns: Semaphore,
}

impl MxRecords {
    /// Asks this name server, or those of the operating system (`/etc/resolv.conf`).
    ///
    /// # Errors
    /// When the system's settings cannot be read.
    pub fn new(server: &NameServer) -> Result<Self, NetError> {
        let builder = match server {
            NameServer::At(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            NameServer::OfSystem => TokioResolver::builder_tokio()?,
        };
        Ok(Self { resolver: builder.build()?, turns: Semaphore::new(AT_ONCE) })
    }
}

#[async_trait]
impl MailDomains for MxRecords {
    async fn exchangers(&self, domain: &str) -> HostResult<Vec<String>> {
        let _turn = self.turns.acquire().await?;
        // With a dot at its end it is looked for nowhere else.
        let name = format!("{}.", domain.trim_end_matches('.'));
        let hosts: Vec<String> = match self.resolver.mx_lookup(&*name).await {
            Ok(found) => {
                let records = found.answers().iter().map(|record| &record.data);
                let exchangers = records.filter_map(|data| match data {
                    RData::MX(mx) => Some(mx.exchange.to_ascii().trim_end_matches('.').to_owned()),
                    _ => None,
                });
                exchangers.collect()
            }
            Err(error) if error.is_nx_domain() => return Ok(Vec::new()),
            Err(error) if error.is_no_records_found() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if !hosts.is_empty() {
            // A single dot says that the domain takes no mail.
            return Ok(hosts.into_iter().filter(|host| !host.is_empty()).collect());
        }
        match self.resolver.lookup_ip(&*name).await {
            Ok(_) => Ok(vec![domain.to_owned()]),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}
