//! Load over WebSocket: calls as fast as they are answered, or connections that do nothing until there is an event.
//!
//! Frames are put together by hand and looked at only as far as a wrong answer needs to be noticed, so that it costs little
//! beside the server.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use futures_util::future::try_join_all;
use futures_util::{FutureExt, SinkExt, StreamExt};
use throughput::TOKEN;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;
type Socket = WebSocketStream<TcpStream>;

/// Connections from one address: a server takes 1,000.
const PER_ADDRESS: usize = 900;
/// Handshakes at once.
const HANDSHAKES: usize = 64;

/// Puts load on a server of this package.
#[derive(Parser)]
struct Flags {
    /// Where the server is.
    #[arg(long)]
    address: SocketAddr,
    /// WebSockets.
    #[arg(long, default_value_t = 1)]
    connections: usize,
    #[command(subcommand)]
    load: Load,
}

#[derive(Subcommand)]
enum Load {
    /// Calls `test`, and counts the answers.
    Calls(Calls),
    /// Waits. For each line of input it has an event published, and measures how long it takes to reach all connections.
    Idle,
}

#[derive(clap::Args)]
struct Calls {
    /// Messages on the way, of each connection.
    #[arg(long, default_value_t = 1)]
    in_flight: u32,
    /// Seconds.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// The encoding.
    #[arg(long, value_enum, default_value_t)]
    codec: Codec,
    /// Calls in a message.
    #[arg(long, default_value_t = 1)]
    batch: u32,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
enum Codec {
    #[default]
    Json,
    Msgpack,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let mut sockets = Vec::with_capacity(flags.connections);
    while sockets.len() < flags.connections {
        let numbers = sockets.len()..flags.connections.min(sockets.len() + HANDSHAKES);
        sockets.extend(try_join_all(numbers.map(|number| connect(flags.address, number / PER_ADDRESS))).await?);
    }
    match flags.load {
        Load::Calls(calls) => {
            let until = Instant::now() + Duration::from_secs_f64(calls.seconds);
            let messages: u64 =
                try_join_all(sockets.iter_mut().map(|socket| drive(socket, &calls, until))).await?.iter().sum();
            say(&format!(r#"{{"calls":{}}}"#, messages * u64::from(calls.batch)))
        }
        Load::Idle => idle(flags.address, &mut sockets).await,
    }
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(stdout(), "{line}").and_then(|()| stdout().flush())?)
}

/// Connects from one of the loopback's addresses.
async fn connect(address: SocketAddr, source: usize) -> Result<Socket> {
    let socket = TcpSocket::new_v4()?;
    let source = Ipv4Addr::new(127, 0, 0, u8::try_from(source + 2)?);
    socket.bind((source, 0).into())?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}/api").into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {TOKEN}").parse()?);
    let config = WebSocketConfig::default().read_buffer_size(16 * 1024);
    Ok(tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?.0)
}

/// Keeps so many messages on the way until the time is over; how many were answered.
async fn drive(socket: &mut Socket, calls: &Calls, until: Instant) -> Result<u64> {
    let mut open = 0;
    for number in 0..calls.in_flight {
        socket.feed(calls.message(number)).await?;
        open += 1;
    }
    socket.flush().await?;
    let mut answered: u32 = 0;
    while open > 0 {
        let mut next = socket.next().await;
        // What has arrived is taken, and answered with further messages, before those are sent together.
        while let Some(frame) = next {
            if calls.is_answer(&frame?)? {
                answered += 1;
                open -= 1;
                if Instant::now() < until {
                    socket.feed(calls.message(calls.in_flight.wrapping_add(answered))).await?;
                    open += 1;
                }
            }
            next = socket.next().now_or_never().flatten();
        }
        socket.flush().await?;
    }
    Ok(answered.into())
}

impl Calls {
    fn message(&self, number: u32) -> Message {
        let id = |entry: u32| number.wrapping_mul(self.batch).wrapping_add(entry);
        match (self.codec, self.batch) {
            (Codec::Json, 1) => Message::text(json(id(0))),
            (Codec::Json, batch) => {
                let entries: Vec<String> = (0..batch).map(|entry| json(id(entry))).collect();
                Message::text(format!("[{}]", entries.join(",")))
            }
            (Codec::Msgpack, 1) => {
                let mut bytes = Vec::with_capacity(80);
                msgpack(id(0), &mut bytes);
                Message::binary(bytes)
            }
            (Codec::Msgpack, batch) => {
                let mut bytes = vec![0xdd];
                bytes.extend(batch.to_be_bytes());
                (0..batch).for_each(|entry| msgpack(id(entry), &mut bytes));
                Message::binary(bytes)
            }
        }
    }

    /// Whether a frame is the right answer, or else one to be ignored.
    fn is_answer(&self, frame: &Message) -> Result<bool> {
        let right = match (frame, self.codec) {
            (Message::Text(text), Codec::Json) if self.batch > 1 => text.ends_with(r#""data":"hello","meta":{}}}]"#),
            (Message::Text(text), Codec::Json) => text.ends_with(r#""data":"hello","meta":{}}}"#),
            (Message::Binary(bytes), Codec::Msgpack) => bytes.ends_with(b"\xa4data\xa5hello\xa4meta\x80"),
            (Message::Ping(_) | Message::Pong(_), _) => return Ok(false),
            _ => false,
        };
        if right { Ok(true) } else { Err(format!("a wrong answer: {frame}").into()) }
    }
}

fn json(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"/v1/test/test","params":["hello"]}}"#)
}

fn msgpack(id: u32, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(b"\x84\xa7jsonrpc\xa32.0\xa2id\xce");
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(b"\xa6method\xad/v1/test/test\xa6params\x91\xa5hello");
}

/// Holds the connections; each line of input is an event.
async fn idle(address: SocketAddr, sockets: &mut [Socket]) -> Result<()> {
    say(&format!(r#"{{"open":{}}}"#, sockets.len()))?;
    loop {
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            stdin().lock().read_line(&mut line)
        });
        if read.await?? == 0 {
            return Ok(());
        }
        let mut speaker = connect(address, 200).await?;
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"/v1/test/announce","params":["hello"]}"#;
        let since = Instant::now();
        speaker.send(Message::text(request)).await?;
        try_join_all(sockets.iter_mut().map(hears)).await?;
        say(&format!(r#"{{"heard":{},"seconds":{}}}"#, sockets.len(), since.elapsed().as_secs_f64()))?;
    }
}

/// Waits for the event.
async fn hears(socket: &mut Socket) -> Result<()> {
    loop {
        let frame = socket.next().await.ok_or("a connection was closed")??;
        match frame {
            Message::Text(text) if text.contains(r#""/v1/test/news","hello""#) => return Ok(()),
            Message::Ping(_) | Message::Pong(_) => socket.flush().await?,
            other => return Err(format!("no event: {other}").into()),
        }
    }
}
