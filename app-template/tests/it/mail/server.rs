//! A server that speaks SMTP as it is told to, and remembers what it heard.

use std::collections::VecDeque;
use std::future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::{HOST, PASSWORD, USER};

/// When the server encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encrypts {
    Never,
    WhenAsked,
    AtOnce,
}

/// What the server does instead of the usual.
#[derive(Debug, Clone)]
pub(super) enum Does {
    /// Gives this answer.
    Says(&'static str),
    /// Says nothing any more.
    FallsSilent,
    /// Closes the connection.
    HangsUp,
    /// Says something and never comes to the end of the line, until nobody listens any more.
    Rambles(&'static str),
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) encrypts: Encrypts,
    /// The mechanisms that it offers; empty for none.
    pub(super) auth: &'static str,
    /// What it does at a command, once each, in this order. `GREETING` is no command, nor is `MESSAGE`.
    pub(super) instead: Vec<(&'static str, Does)>,
    /// What it says right after it agreed to encrypt, before it does.
    pub(super) injects: &'static str,
    /// What it answers to `EHLO` in place of what the fields above make: before it encrypts, and after.
    pub(super) offers: Option<[&'static str; 2]>,
    /// How it asks for name and password.
    pub(super) questions: [&'static str; 2],
}

impl Script {
    pub(super) fn new(encrypts: Encrypts) -> Self {
        let questions = ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"];
        Self { encrypts, auth: "PLAIN LOGIN", instead: Vec::new(), injects: "", offers: None, questions }
    }

    pub(super) fn auth(self, auth: &'static str) -> Self {
        Self { auth, ..self }
    }

    pub(super) fn instead(mut self, at: &'static str, does: Does) -> Self {
        self.instead.push((at, does));
        self
    }
}

/// One line that the server heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) connection: usize,
    pub(super) encrypted: bool,
    pub(super) line: String,
}

#[derive(Debug, Default)]
struct Memory {
    connections: usize,
    heard: Vec<Heard>,
    messages: Vec<String>,
}

/// The server; it ends with this handle.
#[derive(Debug)]
pub(super) struct SmtpPeer {
    address: SocketAddr,
    certificate: String,
    memory: Arc<Mutex<Memory>>,
    _end: DropGuard,
}

impl SmtpPeer {
    /// Listens on a free port of 127.0.0.1, with a certificate for [`HOST`].
    pub(super) async fn start(script: Script) -> Self {
        Self::start_as(HOST, script).await
    }

    pub(super) async fn start_as(host: &str, script: Script) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, memory, end) = (listener.local_addr().unwrap(), Arc::default(), CancellationToken::new());
        let server = Server {
            tls: TlsAcceptor::from(Arc::new(config)),
            instead: Arc::new(Mutex::new(script.instead.clone().into())),
            script,
            memory: Arc::clone(&memory),
        };
        TaskTracker::new().spawn(end.clone().run_until_cancelled_owned(server.listen(listener)));
        Self { address, certificate: made.cert.pem(), memory, _end: end.drop_guard() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn certificate(&self) -> String {
        self.certificate.clone()
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.memory.lock().unwrap().heard.clone()
    }

    /// The commands, each with whether it was encrypted.
    pub(super) fn commands(&self) -> Vec<(String, bool)> {
        self.heard().into_iter().map(|heard| (heard.line, heard.encrypted)).collect()
    }

    pub(super) fn connections(&self) -> usize {
        self.memory.lock().unwrap().connections
    }

    pub(super) fn messages(&self) -> Vec<String> {
        self.memory.lock().unwrap().messages.clone()
    }

    /// Whether a command was heard that begins so.
    pub(super) fn heard_any(&self, command: &str) -> bool {
        self.heard().iter().any(|heard| heard.line.starts_with(command))
    }

    /// Whether anything that was not encrypted held the password, in any of its forms.
    pub(super) fn overheard_password(&self) -> bool {
        let plain = BASE64.encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
        let secrets = [PASSWORD.to_owned(), BASE64.encode(PASSWORD.as_bytes()), plain];
        let heard = self.heard();
        heard.iter().any(|heard| !heard.encrypted && secrets.iter().any(|secret| heard.line.contains(secret)))
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

#[derive(Clone)]
struct Server {
    script: Script,
    instead: Arc<Mutex<VecDeque<(&'static str, Does)>>>,
    tls: TlsAcceptor,
    memory: Arc<Mutex<Memory>>,
}

/// One connection.
struct Conversation {
    server: Server,
    stream: BufReader<Box<dyn Stream>>,
    number: usize,
    encrypted: bool,
}

impl Server {
    async fn listen(self, listener: TcpListener) {
        let conversations = TaskTracker::new();
        let end = CancellationToken::new();
        let _end = end.clone().drop_guard();
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let server = self.clone();
            let number = {
                let mut memory = self.memory.lock().unwrap();
                memory.connections += 1;
                memory.connections
            };
            // A client that hangs up in the middle ends its conversation, and no test.
            let conversation = async move {
                let _ = server.converse(Box::new(tcp), number).await;
            };
            conversations.spawn(end.clone().run_until_cancelled_owned(conversation));
        }
    }

    async fn converse(self, stream: Box<dyn Stream>, number: usize) -> io::Result<()> {
        let at_once = self.script.encrypts == Encrypts::AtOnce;
        let mut conversation = Conversation { server: self, stream: BufReader::new(stream), number, encrypted: false };
        if at_once {
            conversation = conversation.encrypt().await?;
        }
        conversation.answer("GREETING", "220 peer ready").await?;
        while let Some(line) = conversation.line().await? {
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            conversation = conversation.obey(&verb, &line).await?;
        }
        Ok(())
    }
}

impl Conversation {
    async fn encrypt(self) -> io::Result<Self> {
        let stream = self.server.tls.accept(self.stream.into_inner()).await?;
        Ok(Self { stream: BufReader::new(Box::new(stream)), encrypted: true, ..self })
    }

    /// The next line, if there is one.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end_matches("\r\n").to_owned();
        let heard = Heard { connection: self.number, encrypted: self.encrypted, line: line.clone() };
        self.server.memory.lock().unwrap().heard.push(heard);
        Ok(Some(line))
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await
    }

    /// Answers, or does what the script has instead. Whether it was the usual answer.
    async fn answer(&mut self, at: &str, usual: &str) -> io::Result<bool> {
        let does = {
            let mut instead = self.server.instead.lock().unwrap();
            if instead.front().is_some_and(|(place, _)| *place == at) { instead.pop_front() } else { None }
        };
        match does {
            None => self.say(&format!("{usual}\r\n")).await.map(|()| true),
            Some((_, Does::Says(text))) => self.say(&format!("{text}\r\n")).await.map(|()| false),
            Some((_, Does::FallsSilent)) => future::pending().await,
            Some((_, Does::Rambles(text))) => {
                self.say(text).await?;
                loop {
                    self.say(&"x".repeat(16 * 1024)).await?;
                }
            }
            Some((_, Does::HangsUp)) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    async fn obey(mut self, verb: &str, line: &str) -> io::Result<Self> {
        match verb {
            "EHLO" => {
                let mut offers = vec!["250-peer", "250-8BITMIME"];
                let auth = format!("250-AUTH {}", self.server.script.auth);
                offers.extend((!self.server.script.auth.is_empty()).then_some(auth.as_str()));
                let starttls = self.server.script.encrypts == Encrypts::WhenAsked && !self.encrypted;
                offers.extend(starttls.then_some("250-STARTTLS"));
                offers.push("250 SIZE 1000000");
                let usual = offers.join("\r\n");
                let scripted = self.server.script.offers.map(|offers| offers[usize::from(self.encrypted)]);
                self.answer(verb, scripted.unwrap_or(&usual)).await?;
            }
            "STARTTLS" => {
                let injected = self.server.script.injects;
                if self.answer(verb, &format!("220 go ahead{injected}")).await? {
                    return self.encrypt().await;
                }
            }
            "AUTH" => self.authenticate(line).await?,
            "DATA" => {
                if self.answer(verb, "354 go ahead").await? {
                    self.take_message().await?;
                }
            }
            "QUIT" => {
                self.answer(verb, "221 bye").await?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            _ => {
                self.answer(verb, "250 fine").await?;
            }
        }
        Ok(self)
    }

    async fn authenticate(&mut self, line: &str) -> io::Result<()> {
        let decoded = |text: &str| String::from_utf8(BASE64.decode(text.as_bytes()).unwrap()).unwrap();
        let given = if let Some(plain) = line.strip_prefix("AUTH PLAIN ") {
            decoded(plain)
        } else {
            let mut given = String::new();
            for question in self.server.script.questions {
                self.say(&format!("{question}\r\n")).await?;
                given = format!("{given}\0{}", decoded(&self.line().await?.unwrap_or_default()));
            }
            given
        };
        let is_right = given == format!("\0{USER}\0{PASSWORD}");
        let usual = if is_right { "235 welcome" } else { "535 5.7.8 wrong user name or password" };
        self.answer("AUTH", usual).await.map(|_| ())
    }

    async fn take_message(&mut self) -> io::Result<()> {
        let mut message = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == ".\r\n" {
                break;
            }
            // RFC 5321, section 4.5.2: a dot was put before each line that begins with one.
            message += line.strip_prefix('.').unwrap_or(&line);
        }
        if self.answer("MESSAGE", "250 queued").await? {
            self.server.memory.lock().unwrap().messages.push(message);
        }
        Ok(())
    }
}
