//! A client that does one request a connection.

use std::io::{Error, ErrorKind, Result};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::soon;

/// A request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) verb: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a str,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request<'_> {
    /// Sends the request, and reads the response to its end.
    pub(crate) async fn send(&self, address: &str) -> Response {
        soon("a response", self.try_send(address)).await.unwrap()
    }

    /// The same to a server that may be gone.
    ///
    /// # Errors
    ///
    /// There is no server, or it went away before the end of the response: `UnexpectedEof` when after its beginning.
    pub(crate) async fn try_send(&self, address: &str) -> Result<Response> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", self.verb, self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let request = format!("{head}Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut response = String::new();
        let read = stream.read_to_string(&mut response).await;
        match Response::parse(&response) {
            Some(response) => Ok(response),
            None if response.is_empty() => Err(read.err().unwrap_or_else(|| ErrorKind::ConnectionReset.into())),
            None => Err(Error::new(ErrorKind::UnexpectedEof, response)),
        }
    }
}

impl Response {
    /// A response, if it is a whole one.
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let is_whole = length.is_none_or(|length: usize| body.len() == length);
        is_whole.then(|| Self { status, head: head.to_owned(), body: body.to_owned() })
    }
}

/// Calls a method with JSON; the status and the answer.
pub(crate) async fn call(address: &str, path: &str, params: Value) -> (u16, Value) {
    call_as(address, "", path, params).await
}

/// The same with a token, unless it is empty.
pub(crate) async fn call_as(address: &str, token: &str, path: &str, params: Value) -> (u16, Value) {
    soon("an answer", try_call(address, token, path, params)).await.unwrap()
}

/// The same of a server that may be gone; see [`Request::try_send`].
pub(crate) async fn try_call(address: &str, token: &str, path: &str, params: Value) -> Result<(u16, Value)> {
    let body = params.to_string();
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    headers.truncate(if token.is_empty() { 1 } else { 2 });
    let response = Request { verb: "POST", path, headers, body: &body }.try_send(address).await?;
    Ok((response.status, serde_json::from_str(&response.body)?))
}
