//! Transcripts of a shell in documents: run again, and compared with what they say.

use std::any::Any;
use std::iter::Peekable;
use std::str::Chars;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::http::Request;
use crate::process::{Running, command, run, soon};
use crate::terminal::AtTerminal;

/// The address that transcripts show.
const SHOWN: &str = "127.0.0.1:8080";

/// The password that transcripts show.
const SHOWN_PASSWORD: &str = "q7mx-h2vd-9tkc-w4rn-p8sz";

/// A command of a transcript, with the output that follows it.
#[derive(Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) output: String,
}

/// The command of a block of messages on a WebSocket.
const WEBSOCKET: &str = "websocket";

/// The steps in all blocks of the kinds `console` and `websocket` of a Markdown text.
pub(crate) fn steps(markdown: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in markdown.lines() {
        match line.strip_prefix("$ ") {
            _ if line == "```websocket" => {
                inside = true;
                steps.push(Step { command: WEBSOCKET.to_owned(), output: String::new() });
            }
            _ if line.starts_with("```") => inside = line == "```console",
            Some(command) if inside => steps.push(Step { command: command.to_owned(), output: String::new() }),
            None if inside => steps.last_mut().unwrap().output += &format!("{line}\n"),
            _ => {}
        }
    }
    steps
}

/// The server that the last `cargo run` started, at an address that was free. It ends when this is dropped.
struct Server {
    address: String,
    _process: Box<dyn Any>,
}

/// What is another one in every run, each with what transcripts show in its place.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, shown: &str, real: &str) {
        self.0.push((shown.to_owned(), real.to_owned()));
    }

    fn reveal(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (shown, real)| text.replace(shown, real))
    }

    fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (shown, real)| text.replace(real, shown))
    }

    /// Learns what a step has brought: the password of a banner, the token of a sign-in.
    fn learn(&mut self, shown: &str, real: &str) {
        let word_after = |text: &str, before: &str| {
            let (_, rest) = text.split_once(before)?;
            rest.split(|c: char| c.is_whitespace() || c == '"').find(|word| !word.is_empty()).map(str::to_owned)
        };
        if let Some(password) = word_after(real, "  password ") {
            self.add(SHOWN_PASSWORD, &password);
        }
        if let (Some(shown), Some(real)) = (word_after(shown, "\"token\":\""), word_after(real, "\"token\":\"")) {
            self.add(&shown, &real);
        }
    }
}

/// Runs all steps of a document, and compares. The number of steps.
pub(crate) async fn replay(document: &str, markdown: &str) -> usize {
    let (mut server, mut secrets) = (None, Secrets::default());
    let steps = steps(markdown);
    for Step { command, output } in &steps {
        let words = words(&secrets.reveal(command));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let actual = match words.as_slice() {
            ["cargo", "run", "-p", "app-template"] => {
                let (started, shown) = start_app().await;
                server = Some(started);
                shown
            }
            ["cargo", "run", "-p", name] => {
                let (started, shown) = start_example(name).await;
                server = Some(started);
                shown
            }
            ["cargo", "run", "-p", name, "--", args @ ..] => run(&mut self::command(name, args)).await.stdout,
            ["curl", args @ ..] => {
                curl(args, &server.as_ref().expect("a transcript starts its server first").address).await
            }
            [WEBSOCKET] => talk(&server.as_ref().expect("a transcript starts its server first").address, output).await,
            _ => panic!("{document}: nobody knows how to run: {command}"),
        };
        secrets.learn(output, &actual);
        assert_eq!(lines(&secrets.hide(&actual)), lines(output), "{document}: {command}");
    }
    steps.len()
}

/// Lines as they are compared: columns move with the length of the port.
fn lines(text: &str) -> Vec<String> {
    let joined = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim().lines().map(joined).collect()
}

async fn start_example(name: &str) -> (Server, String) {
    let mut running = Running::start(&mut command(name, &["127.0.0.1:0"]));
    let line = running.line().await;
    let address = line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("{name} says {line}")).to_owned();
    let shown = line.replace(&address, SHOWN);
    (Server { address, _process: Box::new(running) }, shown)
}

async fn start_app() -> (Server, String) {
    let mut terminal = AtTerminal::start(&mut command("app-template", &["--port", "0"]));
    let banner = terminal.lines_to("Press Ctrl-C").await.join("\n");
    let (_, rest) = banner.split_once("http://").unwrap();
    let address = rest.split('/').next().unwrap().to_owned();
    let shown = banner.replace(&address, SHOWN);
    (Server { address, _process: Box::new(terminal) }, shown)
}

/// Sends the messages after `>` on a WebSocket, and shows for each `<` a message that comes.
async fn talk(address: &str, messages: &str) -> String {
    let request = format!("ws://{address}/api").into_client_request().unwrap();
    let connect = async { client_async(request, TcpStream::connect(address).await.unwrap()).await.unwrap().0 };
    let mut socket = soon("a WebSocket", connect).await;
    let mut shown = String::new();
    for line in messages.lines() {
        match line.strip_prefix("> ") {
            Some(message) => {
                socket.send(Message::text(message)).await.unwrap();
                shown += &format!("{line}\n");
            }
            None => shown += &format!("< {}\n", soon("a message", socket.next()).await.unwrap().unwrap()),
        }
    }
    shown
}

/// The parts that `-F` makes, and the content type with their boundary.
fn multipart(fields: &[&str]) -> (String, &'static str) {
    let part = |field: &&str| {
        let (name, value) = field.split_once('=').unwrap();
        let (value, terms) = value.split_once(';').unwrap_or((value, ""));
        let file = terms.strip_prefix("filename=").map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let kind = terms.strip_prefix("type=").map(|kind| format!("Content-Type: {kind}\r\n")).unwrap_or_default();
        format!("--parts\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n{kind}\r\n{value}\r\n")
    };
    (fields.iter().map(part).collect::<String>() + "--parts--\r\n", "multipart/form-data; boundary=parts")
}

/// Does what `curl` does with the few options that transcripts use.
async fn curl(args: &[&str], address: &str) -> String {
    let (mut verb, mut url, mut headers, mut body) = ("GET", "", Vec::new(), String::new());
    let (mut fields, mut with_status) = (Vec::new(), false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--json" => {
                (verb, body) = ("POST", (*args.next().unwrap()).to_owned());
                headers.push(("Content-Type", "application/json"));
            }
            "-F" => fields.push(*args.next().unwrap()),
            "-w" => with_status = args.next() == Some(&"%{http_code}"),
            "-H" => headers.push(args.next().unwrap().split_once(": ").unwrap()),
            _ if arg.starts_with('-') => panic!("curl {arg} is not known here"),
            _ => url = arg,
        }
    }
    let path = url.strip_prefix("http://").and_then(|url| url.strip_prefix(SHOWN)).unwrap_or_else(|| panic!("{url}"));
    if !fields.is_empty() {
        let (parts, kind) = multipart(&fields);
        (verb, body) = ("POST", parts);
        headers.push(("Content-Type", kind));
    }
    let response = Request { verb, path, headers, body: &body }.send(address).await;
    if with_status { format!("{}{}", response.body, response.status) } else { response.body }
}

/// The words of a command line: separated by spaces, quoted by `'` or `"`.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while chars.next_if(|char| *char == ' ').is_some() || chars.peek().is_some() {
        if chars.peek().is_some_and(|char| *char != ' ') {
            words.push(word(&mut chars));
        }
    }
    words
}

fn word(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    let mut quote = None;
    while let Some(char) = chars.next_if(|char| quote.is_some() || *char != ' ') {
        match quote {
            Some(open) if open == char => quote = None,
            None if char == '\'' || char == '"' => quote = Some(char),
            _ => word.push(char),
        }
    }
    word
}

#[test]
fn transcripts_are_read_as_a_shell_reads_them() {
    let text = "```console\n$ one 'a \"b\"' \"c d\"e\nx\ny\n$ two\n```\n$ not me\n```sh\n$ nor me\n```\n";
    let [one, two] = <[Step; 2]>::try_from(steps(text)).unwrap();
    assert_eq!(
        (words(&one.command), one.output.as_str()),
        (vec!["one".into(), "a \"b\"".into(), "c de".into()], "x\ny\n")
    );
    assert_eq!((two.command.as_str(), two.output.as_str()), ("two", ""));
    let [talk] = <[Step; 1]>::try_from(steps("```websocket\n> a\n< b\n```\n")).unwrap();
    assert_eq!((talk.command.as_str(), talk.output.as_str()), (WEBSOCKET, "> a\n< b\n"));
}
