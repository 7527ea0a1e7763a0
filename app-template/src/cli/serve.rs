//! `serve`: the server, from its first line to its last.

mod banner;
mod metrics;
mod root;
mod signals;
mod stop;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::process::ExitCode;

use rpc_core::Api;
use rpc_core::http::{HttpService, Server};
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::banner::Banner;
use self::root::FirstStart;
use self::signals::Signals;
use super::{NAME, runtime, serve_settings, warn_of_unknown};
use crate::app::App;
use crate::config::{Layers, PublicUrl, ServeSettings};
use crate::failure::{Exit, Failure};
use crate::log::{Audience, Log, Spans};
use crate::mail::MailTemplates;
use crate::metrics::Metrics;
use crate::output;
use crate::storage::{Schema, Storage};

pub(super) fn run(layers: &Layers, log: Log) -> Result<ExitCode, Failure> {
    let settings = serve_settings(layers)?;
    warn_of_unknown(layers.environment());
    let runtime = runtime()?;
    let ended = runtime.block_on(serve(settings, log));
    // What still runs was given its time, or a second signal said not to wait.
    runtime.shutdown_background();
    ended
}

/// Warns when tokens travel where others can read them.
fn warn_of_plain_http(settings: &ServeSettings, address: SocketAddr) {
    let is_https = settings.public_url.as_ref().is_some_and(PublicUrl::is_https);
    if !address.ip().is_loopback() && !is_https {
        let hint = "put a TLS proxy before it and name it with --public-url";
        tracing::warn!(event = "server.unencrypted", %address, "others can reach {address} unencrypted; {hint}");
    }
}

async fn serve(settings: ServeSettings, log: Log) -> Result<ExitCode, Failure> {
    let Log { audience, spans, lines } = log;
    let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Failure, format!("no signals: {error}")))?;
    let shows_banner = audience == Audience::People && !settings.no_banner;
    let opened = tokio::select! {
        opened = open(&settings, audience) => opened?,
        () = signals.next() => {
            stop::begins(audience, 0);
            return Ok(ExitCode::SUCCESS);
        }
    };
    let Opened { storage, app, first_start } = opened;
    if !shows_banner {
        tracing::info!(event = "storage.ready", storage = storage.kind(), "{storage}");
    }
    let api = api(&app, &settings, &spans)?;
    let service = service(&settings, &api).readiness(storage.readiness());
    let server = Server::bind(service, settings.address).await;
    let server = server.map_err(|error| cannot_bind(settings.address, &error))?.drain(settings.drain);
    let address = server.local_addr().map_err(|error| cannot_bind(settings.address, &error))?;
    let all = Metrics::new(&app, &api).connections(server.connections()).with_database(storage.counter());
    let metrics = metrics::serve(settings.metrics, all.with_log(lines)).await?;
    if shows_banner {
        output::note(banner(&settings, &storage, &app, (address, metrics), &first_start, &api));
    } else {
        metrics.into_iter().for_each(metrics::listening);
        listening(&settings, address, &first_start, &api);
    }
    drop(first_start);
    warn_of_plain_http(&settings, address);
    metrics.into_iter().for_each(metrics::warn_of_others);
    app.start();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut serving = std::pin::pin!(server.serve(async {
        // Dropping the sender stops the server as well as sending does.
        let _ = stopped.await;
    }));
    tokio::select! {
        ended = &mut serving => return Ok(stop::ended(ended, audience)),
        () = signals.next() => stop::begins(audience, api.active_calls()),
    }
    drop(stop);
    let finish = async {
        let deadline = Instant::now() + settings.drain;
        let code = stop::finish(serving, &api, app, storage, settings.drain, audience).await;
        spans.finish(deadline.saturating_duration_since(Instant::now())).await;
        code
    };
    tokio::select! {
        code = finish => Ok(code),
        () = signals.next() => Ok(Exit::Interrupted.into()),
    }
}

/// What a server is made of.
struct Opened {
    storage: Storage,
    app: App,
    first_start: FirstStart,
}

/// The application, on its storage, with its first settings and its first user.
async fn open(settings: &ServeSettings, audience: Audience) -> Result<Opened, Failure> {
    let mut storage = Storage::open(&settings.storage, Schema::Migrate, audience).await?;
    let app = put_together(settings, &storage).await?;
    let first_start = root::make(app.accounts(), &settings.root).await?;
    storage.prepared().await?;
    Ok(Opened { storage, app, first_start })
}

async fn put_together(settings: &ServeSettings, storage: &Storage) -> Result<App, Failure> {
    let mut parts = storage.parts()?;
    if let Some(folder) = &settings.templates {
        if !folder.is_dir() {
            return Err(Failure::new(Exit::Configuration, format!("{} is no folder of templates", folder.display())));
        }
        parts.templates = MailTemplates::from_folder(folder)
            .map_err(|error| Failure::new(Exit::Configuration, format!("{}: {error}", folder.display())))?;
    }
    let app = App::new(parts, settings.app.clone()).await?;
    let seeded = app.settings().seed(&settings.first).await;
    seeded.map_err(|error| Failure::new(Exit::Storage, format!("the first settings cannot be stored: {error}")))?;
    Ok(app)
}

fn api(app: &App, settings: &ServeSettings, spans: &Spans) -> Result<Api, Failure> {
    if !settings.methods.is_empty() {
        settings.check_methods(&app.api()?)?;
    }
    let builder = spans.join(app.api_builder().limits(settings.limits));
    let builder = if settings.metrics.is_some() { builder.counted() } else { builder };
    let methods = settings.methods.iter();
    Ok(methods.fold(builder, |builder, method| builder.method_limits(&method.path, method.limits)).build()?)
}

fn service(settings: &ServeSettings, api: &Api) -> HttpService {
    let service = HttpService::new(api.clone()).name(NAME).rpc_prefix(settings.rpc_prefix.as_str());
    let origins = settings.origins.0.iter().chain(&settings.public_url);
    origins
        .fold(service.trusted_proxies(settings.proxies.clone()), |service, url| service.allow_origin(&url.to_string()))
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

fn banner<'a>(
    settings: &'a ServeSettings,
    storage: &Storage,
    app: &App,
    (address, metrics): (SocketAddr, Option<SocketAddr>),
    first_start: &'a FirstStart,
    api: &'a Api,
) -> Banner<'a> {
    let mail = app.settings().current();
    let (host, port, _) = mail.smtp_account();
    Banner {
        address,
        metrics,
        public_url: settings.public_url.as_ref().map(ToString::to_string),
        rpc_prefix: settings.rpc_prefix.as_str(),
        storage: storage.to_string(),
        storage_lasts: !matches!(storage, Storage::Memory),
        mail_server: host.map(|host| format!("{host}:{port}")),
        first_start,
        api,
    }
}

/// Tells programs what a banner tells people.
fn listening(settings: &ServeSettings, address: SocketAddr, first_start: &FirstStart, api: &Api) {
    match first_start {
        FirstStart::Nothing => {}
        FirstStart::Password(password) => {
            let (user, password) = ("root", password.expose());
            let text = "first start: administrator root created with this password, shown only now";
            tracing::warn!(event = "root.created", user, password, "{text}");
        }
        FirstStart::Written(path) => {
            let file = path.display();
            tracing::warn!(event = "root.created", user = "root", %file, "first start: the password of root is in {file}");
        }
    }
    let url = format!("http://{address}");
    let public_url = settings.public_url.as_ref().map(tracing::field::display);
    let methods = api.methods().len();
    tracing::info!(event = "server.listening", url, public_url, methods, "listening on {url}");
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
