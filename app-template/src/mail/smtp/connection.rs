//! A connection to a mail server.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64;
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{self, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use lettre::transport::smtp::{self};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::fault::SmtpFault;
use super::implicit::Encrypted;
use super::offers::{Mechanism, Offers};
use super::trust::tls_parameters;
use super::wire::Wire;
use super::{SmtpOptions, SmtpServer, SmtpTls};

/// The replies to an authentication that succeeds, and to one that needs more (RFC 4954, sections 4 and 6).
const WELCOME: u16 = 235;
const GO_ON: u16 = 334;

/// How long a `QUIT` may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection that is ready to take mails.
///
/// One whose command was cut off in the middle must be dropped: its next answer would be that of the command before.
pub(super) struct SmtpConnection {
    connection: AsyncSmtpConnection,
    server: SmtpServer,
    hello: ClientId,
}

impl SmtpConnection {
    /// Connects, encrypts, authenticates, all within [`SmtpOptions::timeout`]. `sender_domain` is what the application says it
    /// is: some servers turn away whom they cannot look up.
    pub(super) async fn open(
        server: &SmtpServer,
        options: &SmtpOptions,
        sender_domain: Option<&str>,
    ) -> Result<Self, SmtpFault> {
        let hello = match options.ehlo_name.as_deref().or(sender_domain) {
            Some(name) if name.is_ascii() => ClientId::Domain(name.to_owned()),
            _ => ClientId::default(),
        };
        let opening = async {
            let (connection, is_private) = connect(server, options, &hello).await?;
            let mut smtp = Self { connection, server: server.clone(), hello };
            smtp.authenticate(is_private).await?;
            Ok(smtp)
        };
        timeout(options.timeout, opening).await.unwrap_or(Err(SmtpFault::TimedOut))
    }

    async fn authenticate(&mut self, is_private: bool) -> Result<(), SmtpFault> {
        let Some(username) = self.server.username.clone() else { return Ok(()) };
        if !is_private {
            return Err(SmtpFault::Unencrypted);
        }
        let password = self.server.password.clone();
        let password = password.as_ref().map(|password| password.expose()).unwrap_or_default();
        let answered = match self.mechanism().await? {
            Mechanism::Plain => {
                let proof = BASE64.encode(format!("\0{username}\0{password}").as_bytes());
                self.connection.command(format!("AUTH PLAIN {proof}\r\n")).await
            }
            Mechanism::Login => self.log_in(&username, password).await,
        };
        match answered {
            Ok(answer) if answer.has_code(WELCOME) => Ok(()),
            Ok(_) => Err(SmtpFault::Nonsense),
            Err(error) => Err(SmtpFault::of_authentication(&error, &self.server)),
        }
    }

    /// The mechanism `LOGIN`: the name, then the password, whatever words the server asks for them with.
    async fn log_in(&mut self, username: &str, password: &str) -> Result<Response, smtp::Error> {
        let mut answer = self.connection.command("AUTH LOGIN\r\n").await?;
        for told in [username, password] {
            if answer.has_code(GO_ON) {
                answer = self.connection.command(format!("{}\r\n", BASE64.encode(told.as_bytes()))).await?;
            }
        }
        Ok(answer)
    }

    async fn mechanism(&mut self) -> Result<Mechanism, SmtpFault> {
        match self.connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS) {
            Some(authentication::Mechanism::Plain) => Ok(Mechanism::Plain),
            Some(authentication::Mechanism::Login) => Ok(Mechanism::Login),
            _ => {
                let offers = self.offers().await?;
                offers.mechanism().ok_or(SmtpFault::NoAuthentication(offers.mechanisms))
            }
        }
    }

    /// Asks again what the server offers, where lettre did not find what is needed.
    async fn offers(&mut self) -> Result<Offers, SmtpFault> {
        let answer = self.connection.command(Ehlo::new(self.hello.clone())).await;
        answer.map(|answer| Offers::of(&answer)).map_err(|error| SmtpFault::of(&error, &self.server))
    }

    async fn takes_smtp_utf8(&mut self, within: Duration) -> Result<bool, SmtpFault> {
        if self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Ok(true);
        }
        timeout(within, self.offers()).await.unwrap_or(Err(SmtpFault::TimedOut)).map(|offers| offers.smtp_utf8)
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
            if !self.takes_smtp_utf8(options.timeout).await? {
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

    /// Ends the connection with `QUIT`.
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

type Answer = Result<Result<Response, smtp::Error>, tokio::time::error::Elapsed>;

fn answered(answer: Answer, server: &SmtpServer) -> Result<(), SmtpFault> {
    match answer {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(SmtpFault::of(&error, server)),
        Err(_) => Err(SmtpFault::TimedOut),
    }
}

/// Connects and encrypts, as [`SmtpTls`] says. Whether the server may hear a password: nobody else can hear it.
async fn connect(
    server: &SmtpServer,
    options: &SmtpOptions,
    hello: &ClientId,
) -> Result<(AsyncSmtpConnection, bool), SmtpFault> {
    let addresses = addresses(server, options).await;
    if addresses.is_empty() {
        return Err(SmtpFault::Unreachable(format!("no address is known for {}", server.hostname)));
    }
    let is_local = server.is_local(&addresses);
    // One that does not answer leaves time for the others.
    let each = options.timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let tcp = first_of(&addresses, each).await;
    let wire = Wire::new(tcp.map_err(|error| SmtpFault::unreachable(&error, server))?);
    if options.tls.is_implicit(server.port) {
        let stream = Encrypted::new(wire, tls_parameters(server, options, is_local).await?).await;
        let stream = Box::new(stream.map_err(|error| SmtpFault::of_connection(&error, server))?);
        let connected = AsyncSmtpConnection::connect_with_transport(stream, hello).await;
        return connected.map(|connection| (connection, true)).map_err(|error| SmtpFault::of(&error, server));
    }
    let connected = AsyncSmtpConnection::connect_with_transport(Box::new(wire), hello).await;
    let mut connection = connected.map_err(|error| SmtpFault::of(&error, server))?;
    if connection.can_starttls() {
        let encrypted = connection.starttls(tls_parameters(server, options, is_local).await?, hello).await;
        encrypted.map_err(|error| SmtpFault::of_connection(&error, server))?;
    } else if options.tls == SmtpTls::StartTls {
        return Err(SmtpFault::NoStartTls);
    }
    let is_private = connection.is_encrypted() || is_local;
    Ok((connection, is_private))
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

    #[test_waits::test]
    async fn an_address_that_does_not_answer_keeps_nobody_from_the_next_one() {
        let (silent, _listener, _waiting) = silent().await;
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = other.local_addr().unwrap();
        let tcp = first_of(&[silent, address], EACH).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), address);
        assert_eq!(first_of(&[silent], EACH).await.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
