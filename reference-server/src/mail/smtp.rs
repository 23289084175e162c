//! Mail by SMTP (PPL-171).

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::{Letter, MailRefused, Mailer};
use tokio::sync::Semaphore;

use super::message::Messages;
use crate::settings::{Encryption, SmtpServer};

/// How long a connection waits for the next mail.
const IDLE: Duration = Duration::from_secs(5);

/// Hands mails to one mail server.
pub struct SmtpMailer {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    messages: Messages,
    hello: ClientId,
    places: Semaphore,
    idle: Arc<Mutex<Vec<AsyncSmtpConnection>>>,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("host", &self.server.host).finish_non_exhaustive()
    }
}

/// A mail server's word, and whether it is its last one on this mail.
enum Failure {
    Again(Box<dyn std::error::Error + Send + Sync>),
    Never(String),
}

impl From<SmtpError> for Failure {
    fn from(error: SmtpError) -> Self {
        Self::Again(told(&error).into())
    }
}

/// The error with its causes.
fn told(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// What a server refuses of a recipient or a message, it refuses for good.
fn of_mail(error: SmtpError) -> Failure {
    if error.is_permanent() { Failure::Never(told(&error)) } else { error.into() }
}

impl SmtpMailer {
    /// A mailer for this server.
    ///
    /// # Errors
    /// When the certificates of authorities cannot be used.
    pub fn new(server: SmtpServer, messages: Messages) -> Result<Self, SmtpError> {
        let tls = match server.encryption {
            Encryption::None => None,
            Encryption::Implicit | Encryption::StartTls => {
                let mut tls = TlsParameters::builder(server.host.clone());
                if !server.trusted_roots.is_empty() {
                    tls = tls.add_root_certificate(Certificate::from_pem(&server.trusted_roots)?);
                }
                Some(tls.build_rustls()?)
            }
        };
        let hello = ClientId::Domain(messages.host().to_owned());
        let places = Semaphore::new(server.max_connections);
        Ok(Self { server, tls, messages, hello, places, idle: Arc::default() })
    }

    /// A connection that is greeted, encrypted as it must be, and signed in.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let server = (self.server.host.as_str(), self.server.port);
        let addresses: Vec<SocketAddr> =
            tokio::net::lookup_host(server).await.map_err(|error| Failure::Again(error.into()))?.collect();
        let is_here = addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
        if self.server.encryption == Encryption::None && !is_here {
            return Err(Failure::Again("smtp.tls = false is for a mail server on this machine alone".into()));
        }
        let implicit = self.tls.clone().filter(|_| self.server.encryption == Encryption::Implicit);
        let timeout = Some(self.server.timeout);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(&*addresses, timeout, &self.hello, implicit, None).await?;
        if let (Encryption::StartTls, Some(tls)) = (self.server.encryption, self.tls.clone()) {
            connection.starttls(tls, &self.hello).await?;
        }
        if self.server.encryption != Encryption::None && !connection.is_encrypted() {
            return Err(Failure::Again("the connection is not encrypted".into()));
        }
        if !self.server.username.is_empty() {
            let password = self.server.password.expose().to_owned();
            let credentials = Credentials::new(self.server.username.clone(), password);
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    async fn connected(&self) -> Result<AsyncSmtpConnection, Failure> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                None => return self.connect().await,
                Some(mut connection) => {
                    if connection.test_connected().await {
                        return Ok(connection);
                    }
                }
            }
        }
    }

    /// Keeps a connection for the next mail, and ends those that nobody wanted for a while.
    fn keep(&self, connection: AsyncSmtpConnection) {
        let idle = self.idle.clone();
        idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            let unwanted: Vec<_> = idle.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
            for mut connection in unwanted {
                connection.abort().await;
            }
        });
    }

    /// Hands a mail to the server; what it said when it took it.
    async fn hand_over(&self, message: &Message) -> Result<String, Failure> {
        let mut connection = self.connected().await?;
        match transmit(&mut connection, message.envelope(), &message.formatted()).await {
            Ok(reply) => {
                self.keep(connection);
                Ok(reply)
            }
            Err(failure) => {
                connection.abort().await;
                Err(failure)
            }
        }
    }
}

/// One mail over a connection. A sender whom the server does not like is a fault of the configuration, not of the mail.
async fn transmit(connection: &mut AsyncSmtpConnection, envelope: &Envelope, bytes: &[u8]) -> Result<String, Failure> {
    let mut parameters = Vec::new();
    if envelope.to().iter().chain(envelope.from()).any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failure::Never("the mail server takes no addresses with such letters".to_owned()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    connection.command(MailFrom::new(envelope.from().cloned(), parameters)).await?;
    for recipient in envelope.to() {
        let recipient: Address = recipient.clone();
        connection.command(Rcpt::new(recipient, Vec::new())).await.map_err(of_mail)?;
    }
    connection.command(Data).await.map_err(of_mail)?;
    let reply = connection.message(bytes).await.map_err(of_mail)?;
    let words = reply.message().collect::<Vec<_>>().join(" ");
    Ok(format!("{} {words}", reply.code()))
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, letter: &Letter) -> HostResult<()> {
        self.deliver(letter).await.map(drop)
    }

    async fn deliver(&self, letter: &Letter) -> HostResult<Option<String>> {
        let message = self.messages.message(letter)?;
        let _place = self.places.acquire().await?;
        match tokio::time::timeout(self.server.timeout, self.hand_over(&message)).await {
            Ok(Ok(reply)) => Ok(Some(reply)),
            Ok(Err(Failure::Again(error))) => Err(error),
            Ok(Err(Failure::Never(why))) => Err(MailRefused::new(why).into()),
            Err(_) => Err("the mail server takes too long".into()),
        }
    }
}
