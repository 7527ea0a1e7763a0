//! `healthcheck`: asks a running server whether it is ready.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{runtime, serve_config};
use crate::config::{self, HttpUrl, OptionValue, Sources};
use crate::extension::Extension;
use crate::failure::{Exit, Failure};

/// Bytes of an answer up to its status: `HTTP/1.1 200`.
const STATUS_LINE: usize = 12;

#[derive(Debug, Args)]
pub(super) struct HealthcheckArgs {
    /// What to ask; /readyz of the server that the configuration describes, unless told
    #[arg(long, value_name = "URL", value_parser = config::parse::<HttpUrl>)]
    url: Option<HttpUrl>,
    /// How long to wait for the answer
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = config::parse::<Duration>)]
    timeout: Duration,
}

pub(super) fn run(args: &HealthcheckArgs, sources: &Sources, extension: &Extension) -> Result<ExitCode, Failure> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => own(serve_config(sources, extension)?.address),
    };
    let asked = runtime()?.block_on(async { tokio::time::timeout(args.timeout, status(&url)).await });
    let fault = match asked {
        Ok(Ok(200)) => return Ok(ExitCode::SUCCESS),
        Ok(Ok(status)) => format!("{url} answers {status}"),
        Ok(Err(error)) => format!("{url} cannot be asked: {error}"),
        Err(_) => format!("{url} does not answer within {:?}", args.timeout),
    };
    Err(Failure::new(Exit::Failure, fault))
}

/// The server that listens at an address; one that listens at all of them is asked at the loopback one.
fn own(address: SocketAddr) -> HttpUrl {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let url = format!("http://{}/readyz", SocketAddr::new(ip, address.port()));
    HttpUrl::parse(&url).expect("an address and a path make a URL")
}

async fn status(url: &HttpUrl) -> io::Result<u16> {
    let (host, port) = url.authority();
    let mut stream = TcpStream::connect((host.as_str(), port)).await?;
    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.path(), url.host_header());
    stream.write_all(request.as_bytes()).await?;
    let mut line = [0; STATUS_LINE];
    stream.read_exact(&mut line).await?;
    let line = std::str::from_utf8(&line).unwrap_or_default();
    // A proxy in between may answer by the older version.
    let text = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "));
    text.and_then(|status| status.parse().ok()).ok_or_else(|| io::Error::other("the answer is not HTTP"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::{HttpUrl, OptionValue, own, status};

    #[test_waits::test]
    async fn an_answer_by_either_version_of_http_1_is_understood() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Some(200)),
            ("HTTP/1.0 200 OK\r\n\r\n", Some(200)),
            ("HTTP/1.1 503\r\n\r\n", Some(503)),
            ("HTTP/1.0 502 Bad Gateway\r\n\r\n", Some(502)),
            ("HTTP/2.0 200 OK\r\n\r\n", None),
            ("220 mail.example.com ESMTP\r\n", None),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = HttpUrl::parse(&format!("http://{}/readyz", listener.local_addr().unwrap())).unwrap();
            let serving = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            };
            let both = async { tokio::join!(status(&url), serving) };
            let (asked, ()) = test_waits::soon("an answer", both).await;
            assert_eq!(asked.ok(), expected, "{answer}");
        }
    }

    #[test]
    fn a_server_at_all_addresses_is_asked_at_loopback() {
        for (address, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080/readyz"),
            ("[::]:1", "http://[::1]:1/readyz"),
            ("192.0.2.1:80", "http://192.0.2.1:80/readyz"),
        ] {
            assert_eq!(own(address.parse().unwrap()).to_string(), url);
        }
    }
}
