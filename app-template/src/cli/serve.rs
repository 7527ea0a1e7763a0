//! `serve`: the server, from its first line to its last.

mod banner;
mod signals;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::process::ExitCode;

use rpc_core::Api;
use rpc_core::http::{HttpService, Server, Stopped};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use self::signals::Signals;
use super::{NAME, ServeArgs};
use crate::config::{Environment, PublicUrl, ServeFlags, ServeSettings};
use crate::failure::{Exit, Failure};
use crate::log::Audience;
use crate::output;

/// Where JSON-RPC and WebSocket are served.
const RPC_PREFIX: &str = "/api";

/// The threads that calls run on.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::new(Exit::Failure, format!("no threads can be started: {error}")))
}

pub(super) fn run(
    args: ServeArgs,
    environment: &Environment,
    audience: Audience,
    api: Api,
) -> Result<ExitCode, Failure> {
    let flags = ServeFlags { bind: args.bind, port: args.port, public_url: args.public_url, no_banner: args.no_banner };
    let settings = environment.serve(flags)?;
    warn_of_unknown(environment);
    let runtime = runtime()?;
    let ended = runtime.block_on(serve(&settings, audience, api));
    // What still runs was given its time, or a second signal said not to wait.
    runtime.shutdown_background();
    ended
}

/// Warns of variables that look like settings and are none.
fn warn_of_unknown(environment: &Environment) {
    for (variable, meant) in environment.unknown() {
        let hint = meant.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        tracing::warn!(event = "config.unknown", variable, "{variable} sets nothing{hint}");
    }
}

/// Warns when tokens travel where others can read them.
fn warn_of_plain_http(settings: &ServeSettings, address: SocketAddr) {
    let is_https = settings.public_url.as_ref().is_some_and(PublicUrl::is_https);
    if !address.ip().is_loopback() && !is_https {
        let hint = "put a TLS proxy before it and name it with --public-url";
        tracing::warn!(event = "server.unencrypted", %address, "others can reach {address} unencrypted; {hint}");
    }
}

async fn serve(settings: &ServeSettings, audience: Audience, api: Api) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Failure, format!("no signals: {error}")))?;
    let server = Server::bind(service(settings, &api), settings.address).await;
    let server = server.map_err(|error| cannot_bind(settings.address, &error))?;
    let address = server.local_addr().map_err(|error| cannot_bind(settings.address, &error))?;
    listening(settings, audience, address, &api);
    warn_of_plain_http(settings, address);
    let (stop, stopped) = oneshot::channel::<()>();
    let mut serving = std::pin::pin!(server.serve(async {
        // Dropping the sender stops the server as well as sending does.
        let _ = stopped.await;
    }));
    tokio::select! {
        ended = &mut serving => return Ok(ended_with(ended, audience)),
        () = signals.next() => stopping(audience, api.active_calls()),
    }
    drop(stop);
    tokio::select! {
        ended = serving => Ok(ended_with(ended, audience)),
        () = signals.next() => Ok(Exit::Interrupted.into()),
    }
}

fn service(settings: &ServeSettings, api: &Api) -> HttpService {
    let service = HttpService::new(api.clone()).name(NAME).rpc_prefix(RPC_PREFIX);
    match &settings.public_url {
        Some(url) => service.allow_origin(&url.to_string()),
        None => service,
    }
}

fn cannot_bind(address: SocketAddr, error: &io::Error) -> Failure {
    let other = |port: u16| format!("Try: {NAME} serve --port {port}");
    let message = match error.kind() {
        ErrorKind::AddrInUse => {
            format!("{address} is in use. {}", other(address.port().checked_add(1).unwrap_or(0)))
        }
        ErrorKind::PermissionDenied => format!("{address} needs more rights than this user has. {}", other(8080)),
        ErrorKind::AddrNotAvailable => {
            format!("{} is no address of this machine. Try: {NAME} serve --bind 127.0.0.1", address.ip())
        }
        _ => format!("{address} cannot be listened on: {error}"),
    };
    Failure::new(Exit::Bind, message)
}

fn listening(settings: &ServeSettings, audience: Audience, address: SocketAddr, api: &Api) {
    if audience == Audience::People && !settings.no_banner {
        output::note(banner::text(address, settings.public_url.as_ref(), api));
        return;
    }
    let url = format!("http://{address}");
    let public_url = settings.public_url.as_ref().map(tracing::field::display);
    let methods = api.methods().len();
    tracing::info!(event = "server.listening", url, public_url, methods, "listening on {url}");
}

fn stopping(audience: Audience, calls: u64) {
    match audience {
        Audience::People => output::note(format!("stopping ({} in flight)", counted(calls))),
        Audience::Programs => {
            tracing::info!(event = "server.stopping", calls, "stopping ({} in flight)", counted(calls))
        }
    }
}

fn ended_with(stopped: Stopped, audience: Audience) -> ExitCode {
    let Stopped { cut } = stopped;
    match (cut, audience) {
        (0, Audience::People) => {}
        (0, Audience::Programs) => tracing::info!(event = "server.stopped", cut, "stopped"),
        _ => tracing::warn!(event = "server.stopped", cut, "stopped; {} did not end in time", counted(cut)),
    }
    ExitCode::SUCCESS
}

fn counted(calls: u64) -> String {
    format!("{calls} {}", if calls == 1 { "call" } else { "calls" })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::cannot_bind;

    #[test]
    fn an_address_that_cannot_be_bound_is_named_with_a_way_out() {
        for (address, error, message) in [
            (
                "127.0.0.1:8080",
                io::ErrorKind::AddrInUse,
                "127.0.0.1:8080 is in use. Try: app-template serve --port 8081",
            ),
            (
                "127.0.0.1:65535",
                io::ErrorKind::AddrInUse,
                "127.0.0.1:65535 is in use. Try: app-template serve --port 0",
            ),
            (
                "127.0.0.1:80",
                io::ErrorKind::PermissionDenied,
                "127.0.0.1:80 needs more rights than this user has. Try: app-template serve --port 8080",
            ),
            (
                "192.0.2.1:80",
                io::ErrorKind::AddrNotAvailable,
                "192.0.2.1 is no address of this machine. Try: app-template serve --bind 127.0.0.1",
            ),
        ] {
            let failure = cannot_bind(address.parse().unwrap(), &error.into());
            assert_eq!(failure.to_string(), format!("error: {message}"));
        }
    }
}
