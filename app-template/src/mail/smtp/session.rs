//! A conversation with a server.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{self};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::fault::SmtpFault;
use super::wire::Wire;
use super::{SMTPS_PORT, SmtpOptions, SmtpServer};

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection on which the server has taken the application in.
///
/// One whose command was cut off in the middle must be dropped: its next answer would be that of the command before.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    server: SmtpServer,
}

impl Session {
    /// Connects, encrypts, authenticates, all within [`SmtpOptions::timeout`]. `sender_domain` is what the application says it
    /// is: some servers turn away whom they cannot look up.
    pub(super) async fn open(
        server: &SmtpServer,
        options: &SmtpOptions,
        sender_domain: Option<&str>,
    ) -> Result<Self, SmtpFault> {
        let hello = match sender_domain {
            Some(domain) if domain.is_ascii() => ClientId::Domain(domain.to_owned()),
            _ => ClientId::default(),
        };
        let opening = async {
            let connection = connect(server, options, &hello).await?;
            let mut session = Self { connection, server: server.clone() };
            session.authenticate().await?;
            Ok(session)
        };
        timeout(options.timeout, opening).await.unwrap_or(Err(SmtpFault::TimedOut))
    }

    async fn authenticate(&mut self) -> Result<(), SmtpFault> {
        let Some(username) = &self.server.username else { return Ok(()) };
        if !self.connection.is_encrypted() && !self.server.is_loopback() {
            return Err(SmtpFault::Unencrypted);
        }
        if self.connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
            return Err(SmtpFault::NoAuthentication);
        }
        let password = self.server.password.as_ref().map(|password| password.expose()).unwrap_or_default();
        let credentials = Credentials::new(username.clone(), password.to_owned());
        let answer = self.connection.auth(DEFAULT_MECHANISMS, &credentials).await;
        answer.map(|_| ()).map_err(|error| SmtpFault::of_authentication(&error, &self.server))
    }

    /// Whether the server still answers.
    pub(super) async fn is_alive(&mut self, within: Duration) -> bool {
        timeout(within, self.connection.command(Noop)).await.is_ok_and(|answer| answer.is_ok())
    }

    /// Hands a message over. After a refusal the session is good for [`quit`](Self::quit) only, after another fault for nothing.
    pub(super) async fn send(&mut self, message: &lettre::Message, options: &SmtpOptions) -> Result<(), SmtpFault> {
        let envelope = message.envelope();
        let mut parameters = Vec::new();
        if !addresses_of(envelope).all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(SmtpFault::NoSmtpUtf8);
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        self.command(Mail::new(envelope.from().cloned(), parameters), options.timeout).await?;
        for recipient in envelope.to() {
            self.command(Rcpt::new(recipient.clone(), Vec::new()), options.timeout).await?;
        }
        self.command(Data, options.timeout).await?;
        let taken = timeout(options.transfer_timeout, self.connection.message(&message.formatted())).await;
        answered(taken, &self.server)
    }

    async fn command(&mut self, command: impl fmt::Display, within: Duration) -> Result<(), SmtpFault> {
        answered(timeout(within, self.connection.command(command)).await, &self.server)
    }

    /// Says goodbye.
    pub(super) async fn quit(self) {
        self.quit_by(Instant::now() + FAREWELL).await;
    }

    /// The same, by a certain time.
    pub(super) async fn quit_by(mut self, end: Instant) {
        // Whatever the server answers, the connection is closed when this returns.
        let _ = timeout_at(end.min(Instant::now() + FAREWELL), self.connection.quit()).await;
    }
}

fn addresses_of(envelope: &Envelope) -> impl Iterator<Item = &Address> {
    envelope.from().into_iter().chain(envelope.to())
}

type Answer = Result<Result<smtp::response::Response, smtp::Error>, tokio::time::error::Elapsed>;

fn answered(answer: Answer, server: &SmtpServer) -> Result<(), SmtpFault> {
    match answer {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(SmtpFault::of(&error, server)),
        Err(_) => Err(SmtpFault::TimedOut),
    }
}

/// Connects and encrypts: at once on port 465, else when the server offers it.
async fn connect(
    server: &SmtpServer,
    options: &SmtpOptions,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, SmtpFault> {
    let addresses = addresses(server, options).await;
    if addresses.is_empty() {
        return Err(SmtpFault::Unreachable(format!("no address is known for {}", server.hostname)));
    }
    // One that does not answer leaves time for the others.
    let each = options.timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    if server.port == SMTPS_PORT {
        let (tls, addresses) = (tls_parameters(server, options).await?, addresses.as_slice());
        let connected = AsyncSmtpConnection::connect_tokio1(addresses, Some(each), hello, Some(tls), None).await;
        return connected.map_err(|error| SmtpFault::of_connection(&error, server));
    }
    let tcp = first_of(&addresses, each).await;
    let tcp = tcp.map_err(|error| SmtpFault::unreachable(&error, server))?;
    let connected = AsyncSmtpConnection::connect_with_transport(Box::new(Wire::new(tcp)), hello).await;
    let mut connection = connected.map_err(|error| SmtpFault::of(&error, server))?;
    if connection.can_starttls() {
        let encrypted = connection.starttls(tls_parameters(server, options).await?, hello).await;
        encrypted.map_err(|error| SmtpFault::of_connection(&error, server))?;
    }
    Ok(connection)
}

/// A connection to the first address that answers, each within a time.
async fn first_of(addresses: &[SocketAddr], each: Duration) -> io::Result<TcpStream> {
    let mut failed = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match timeout(each, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failed)
}

async fn addresses(server: &SmtpServer, options: &SmtpOptions) -> Vec<SocketAddr> {
    if let Some(address) = options.connect_to {
        return vec![address];
    }
    lookup_host((server.hostname.as_str(), server.port)).await.map(Iterator::collect).unwrap_or_default()
}

/// What is trusted. The certificates of the system are read from its files, each time, so that new ones count at once.
async fn tls_parameters(server: &SmtpServer, options: &SmtpOptions) -> Result<TlsParameters, SmtpFault> {
    let fault = |error: smtp::Error| SmtpFault::of_connection(&error, server);
    let mut parameters = TlsParameters::builder(server.hostname.clone());
    for trusted in &options.trusted {
        parameters = parameters.add_root_certificate(Certificate::from_pem(trusted.as_bytes()).map_err(fault)?);
    }
    if server.is_loopback() {
        parameters = parameters.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true);
        parameters = parameters.certificate_store(CertificateStore::None);
    }
    let built = tokio::task::spawn_blocking(move || parameters.build()).await;
    built.map_err(|error| SmtpFault::Tls(error.to_string()))?.map_err(fault)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::SocketAddr;
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::time::timeout;

    use super::first_of;

    const EACH: Duration = Duration::from_millis(200);

    /// An address that answers nobody: its queue of those who want to connect is full, and the system drops the others.
    async fn silent() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let (address, mut waiting) = (listener.local_addr().unwrap(), Vec::new());
        while let Ok(connected) = timeout(EACH, TcpStream::connect(address)).await {
            waiting.push(connected.unwrap());
        }
        (address, listener, waiting)
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_keeps_nobody_from_the_next_one() {
        let (silent, _listener, _waiting) = silent().await;
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = other.local_addr().unwrap();
        let tcp = first_of(&[silent, address], EACH).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), address);
        assert_eq!(first_of(&[silent], EACH).await.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
