//! `serve`: the server, from its first line to its last.

mod banner;
#[cfg(unix)]
mod descriptors;
mod metrics;
mod root;
mod signals;
mod sockets;
mod stop;

use std::fmt::Display;
use std::fs;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use rpc_core::Api;
use rpc_core::http::{HttpService, Server};
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::banner::Banner;
use self::root::FirstStart;
use self::signals::Signals;
use self::sockets::{Socket, Sockets};
use super::{runtime, serve_config, warn_of_unknown};
use crate::app::App;
use crate::config::{PublicUrl, ServeConfig, Sources};
use crate::extension::{Extension, ProgramParts};
use crate::failure::{Exit, Failure};
use crate::log::{Log, MessageFormat, Spans};
use crate::mail::MailTemplates;
use crate::metrics::Metrics;
use crate::storage::{self, Migrations, Storage};
use crate::{naming, output};

/// Spans get this time at a stop, even if calls have used up theirs.
const SPANS_AT_STOP: Duration = Duration::from_secs(1);

pub(super) fn run(sources: &Sources, log: Log, extension: &Extension) -> Result<ExitCode, Failure> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "other systems have no such limit"))]
    let mut config = serve_config(sources, extension)?;
    #[cfg(unix)]
    descriptors::fit(&mut config.limits);
    warn_of_unknown(sources.environment());
    let runtime = runtime()?;
    let ended = runtime.block_on(serve(config, log, extension));
    // What still runs was given its time, or a second signal said not to wait.
    runtime.shutdown_background();
    ended
}

/// Warns when tokens travel where others can read them.
fn warn_of_plain_http(config: &ServeConfig, address: SocketAddr) {
    let is_https = config.public_url.as_ref().is_some_and(PublicUrl::is_https);
    if !address.ip().is_loopback() && !is_https {
        let hint = "put a TLS proxy before it and name it with --public-url";
        tracing::warn!(event = "server.unencrypted", %address, "others can reach {address} unencrypted; {hint}");
    }
}

async fn serve(config: ServeConfig, log: Log, extension: &Extension) -> Result<ExitCode, Failure> {
    let Log { message_format, spans, lines } = log;
    let mut signals = Signals::new().map_err(|error| Failure::new(Exit::Failure, format!("no signals: {error}")))?;
    // Before anything is made: a start that fails could not tell the password of root.
    let Sockets { api: socket, metrics } = Sockets::bind(&config).await?;
    let opened = tokio::select! {
        opened = open(&config, &spans, message_format, extension) => opened?,
        () = signals.next() => {
            stop::begins(message_format, 0);
            return Ok(ExitCode::SUCCESS);
        }
    };
    let Opened { storage, app, first_start, api, service } = opened;
    let service = service.readiness(storage.readiness());
    config.check_service(&service)?;
    let (address, server) = (socket.address, Server::on(socket.listener, service).drain(config.drain));
    let metrics = metrics.map(|Socket { listener, address }| {
        let metrics = Metrics::new(&app, &api).connections(server.connections()).with_database(storage.counter());
        metrics::serve(listener, metrics.with_log(lines));
        address
    });
    if shows_banner(&config, message_format) {
        output::note(banner(&config, &*storage, &app, (address, metrics), &first_start, &api));
    } else {
        metrics.into_iter().for_each(metrics::listening);
        listening(&config, address, &api);
    }
    drop(first_start);
    warn_of_plain_http(&config, address);
    metrics.into_iter().for_each(metrics::warn_of_others);
    app.start();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut serving = std::pin::pin!(server.serve(async {
        // Dropping the sender stops the server as well as sending does.
        let _ = stopped.await;
    }));
    tokio::select! {
        ended = &mut serving => return Ok(stop::ended(ended, message_format)),
        () = signals.next() => stop::begins(message_format, api.active_calls()),
    }
    drop(stop);
    let finish = async {
        let deadline = Instant::now() + config.drain;
        let code = stop::finish(serving, &api, app, storage, &config, message_format).await;
        spans.finish(deadline.saturating_duration_since(Instant::now()).max(SPANS_AT_STOP)).await;
        code
    };
    tokio::select! {
        code = finish => Ok(code),
        () = signals.next() => Ok(Exit::Interrupted.into()),
    }
}

fn shows_banner(config: &ServeConfig, message_format: MessageFormat) -> bool {
    message_format == MessageFormat::Sentences && !config.no_banner
}

/// What a server is made of.
struct Opened {
    storage: Box<dyn Storage>,
    app: App,
    first_start: FirstStart,
    api: Api,
    service: HttpService,
}

/// The application, on its storage, with its first settings and its first user.
async fn open(
    config: &ServeConfig,
    spans: &Spans,
    message_format: MessageFormat,
    extension: &Extension,
) -> Result<Opened, Failure> {
    let mut storage = storage::open(&config.storage, Migrations::Apply, message_format).await?;
    let app = put_together(config, &*storage).await?;
    let parts = ProgramParts::new(app.clone(), config.own.clone());
    #[cfg(feature = "postgres")]
    let parts = parts.with_pool(storage.pool());
    let api = api(&app, config, spans, &parts, extension).await?;
    let service = extension.service(service(config, &api), &parts);
    let has_banner = shows_banner(config, message_format);
    if !has_banner {
        tracing::info!(event = "storage.ready", storage = storage.kind(), "{storage}");
    }
    let first_start = root::make(app.accounts(), &config.root).await?;
    if !has_banner {
        first_start.log();
    }
    let prepared = storage.prepared().await;
    if prepared.is_err() && has_banner {
        // There will be no banner to tell it.
        first_start.log();
    }
    prepared.map(|()| Opened { storage, app, first_start, api, service })
}

async fn put_together(config: &ServeConfig, storage: &dyn Storage) -> Result<App, Failure> {
    let mut parts = storage.parts()?;
    if let Some(folder) = &config.templates {
        if !folder.is_dir() {
            return Err(Failure::new(Exit::Configuration, format!("{} is no folder of templates", folder.display())));
        }
        parts.templates = MailTemplates::from_folder(folder)
            .map_err(|error| Failure::new(Exit::Configuration, format!("{}: {error}", folder.display())))?;
    }
    let mut options = config.app.clone();
    if let Some(file) = &config.smtp_certificates {
        let fault = |error: &dyn Display| Failure::new(Exit::Configuration, format!("{}: {error}", file.display()));
        let pem = fs::read_to_string(file).map_err(|error| fault(&error))?;
        options.smtp.trust(pem).map_err(|error| fault(&error))?;
    }
    let app = App::new(parts, options).await?;
    let seeded = app.settings().seed(&config.first).await;
    seeded.map_err(|error| Failure::new(Exit::Storage, format!("the first settings cannot be stored: {error}")))?;
    Ok(app)
}

async fn api(
    app: &App,
    config: &ServeConfig,
    spans: &Spans,
    parts: &ProgramParts,
    extension: &Extension,
) -> Result<Api, Failure> {
    if config.depends_on_methods() {
        config.check_methods(&extension.described(app.api_builder()).build()?)?;
    }
    let builder = extension.api(spans.join(app.api_builder().limits(config.limits)), parts).await?;
    let builder = if config.metrics.is_some() { builder.counted() } else { builder };
    let methods = config.methods.iter();
    Ok(methods.fold(builder, |builder, method| builder.method_limits(&method.path, method.limits)).build()?)
}

fn service(config: &ServeConfig, api: &Api) -> HttpService {
    let service = HttpService::new(api.clone()).name(naming::name()).rpc_prefix(config.rpc_prefix.as_str());
    let origins = config.origins.0.iter().chain(&config.public_url);
    origins
        .fold(service.trusted_proxies(config.proxies.clone()), |service, url| service.allow_origin_of(&url.to_string()))
}

fn banner<'a>(
    config: &'a ServeConfig,
    storage: &dyn Storage,
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
        public_url: config.public_url.as_ref().map(ToString::to_string),
        rpc_prefix: config.rpc_prefix.as_str(),
        storage: storage.to_string(),
        storage_lasts: storage.lasts(),
        mail_server: host.map(|host| format!("{host}:{port}")),
        first_start,
        api,
    }
}

/// Logs for programs what a banner tells people.
fn listening(config: &ServeConfig, address: SocketAddr, api: &Api) {
    let url = format!("http://{address}");
    let public_url = config.public_url.as_ref().map(tracing::field::display);
    let methods = api.methods().len();
    tracing::info!(event = "server.listening", url, public_url, methods, "listening on {url}");
}
