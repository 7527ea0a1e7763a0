//! Every option at its bounds, and just beyond them.

use std::net::SocketAddr;
use std::time::Duration;

use rpc_auth::TokenFormat;
use rpc_core::http::{HttpService, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::option::{OptionSpec, Range};
use super::serve::ServeConfig;
use super::sources::Sources;
use super::table::{METHOD_OPTIONS, OPTIONS};
use crate::app::App;

/// What has to be set along with an option at a bound, by a rule between them.
const ALONG: [(&str, &str, &str); 5] = [
    ("ws-silence", "200ms", "ws-ping = \"100ms\""),
    ("ws-ping", "12h", "ws-silence = \"1day\""),
    ("throttle-first-delay", "1h", "throttle-max-delay = \"1h\""),
    ("throttle-max-delay", "10ms", "throttle-first-delay = \"10ms\""),
    ("hash-memory", "1 GiB", "hash-parallel = 1"),
];

fn tokens() -> TokenFormat {
    TokenFormat::new("app").unwrap()
}

/// A file that sets one option, of all methods or of one.
fn file(spec: &OptionSpec, value: &str) -> String {
    let table = if spec.section == "Methods" { "[methods.\"/v1/test/test\"]\n" } else { "" };
    let along = ALONG.iter().find(|(name, at, _)| (*name, *at) == (spec.name, value)).map_or("", |(_, _, line)| line);
    format!("{table}{} = \"{value}\"\n{along}\n", spec.name)
}

fn read(file: &str) -> Result<ServeConfig, String> {
    let sources = Sources::of(&[], &[], file).map_err(|error| error.to_string())?;
    sources.serve("app", tokens()).map_err(|error| error.to_string())
}

/// A value that is one less or more, in the same unit.
fn beside(value: &str, step: i64) -> String {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    format!("{}{unit}", number.parse::<i64>().unwrap() + step)
}

fn ranges() -> impl Iterator<Item = (&'static OptionSpec, Range)> {
    OPTIONS.iter().chain(METHOD_OPTIONS).filter_map(|spec| Some((*spec, spec.range?)))
}

/// Asks until there is an answer: some bounds leave a client little time.
async fn answer(address: SocketAddr) -> String {
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut answer = String::new();
        let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        if asked.is_ok() && stream.read_to_string(&mut answer).await.is_ok() && !answer.is_empty() {
            return answer;
        }
    }
}

/// Serves with a configuration, and stops.
async fn serve(config: &ServeConfig) -> String {
    let app = App::in_memory(config.app.clone()).await.unwrap();
    let builder = app.api_builder().limits(config.limits);
    let methods = config.methods.iter();
    let api = methods.fold(builder, |builder, method| builder.method_limits(&method.path, method.limits));
    let service = HttpService::new(api.build().unwrap()).rpc_prefix(config.rpc_prefix.as_str());
    let server = Server::bind(service, "127.0.0.1:0".parse().unwrap()).await.unwrap().drain(config.drain);
    let address = server.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let tasks = TaskTracker::new();
    tasks.spawn(server.serve(async move { drop(stopped.await) }));
    let answer = test_waits::within(Duration::from_secs(60), "an answer", answer(address)).await;
    drop(stop);
    tasks.close();
    test_waits::soon("the stop", tasks.wait()).await;
    answer
}

#[test_waits::test]
async fn with_every_setting_at_a_bound_there_is_a_server_that_answers() {
    for (spec, Range { min, max }) in ranges() {
        for value in [min, max] {
            let config = read(&file(spec, value)).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
            let answer = serve(&config).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{} = {value}: {answer}", spec.name);
        }
    }
}

#[test]
fn what_is_beyond_a_bound_is_refused_with_name_value_and_bounds() {
    for (spec, Range { min, max }) in ranges() {
        for value in [beside(min, -1), beside(max, 1), "99999999999999999999".to_owned()] {
            let error = read(&file(spec, &value)).map(|_| spec.name).unwrap_err();
            assert!(error.starts_with("app.toml:"), "{error}");
            assert!(
                error.contains(&format!("{} is \"{value}\": expected a", spec.name)) || spec.kind == "rate",
                "{error}"
            );
            assert!(error.contains(&format!(" from {min} to {max}")), "{error}");
        }
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (file, fault) in [
        ("ws-silence = \"30s\"", "ws-silence is \"30s\", and ws-ping is \"30s\": expected a silence longer than "),
        ("ws-ping = \"75s\"", "ws-silence is \"75s\", and ws-ping is \"75s\": expected a silence longer than "),
        ("throttle-max-delay = \"999ms\"", "throttle-first-delay is \"1s\", and throttle-max-delay is \"999ms\": "),
        ("hash-memory = \"1 GiB\"\nhash-parallel = 65", "hash-memory is \"1 GiB\", and hash-parallel is 65: "),
    ] {
        let error = read(file).map(|_| file).unwrap_err();
        assert!(error.starts_with(fault), "{error}");
    }
    assert!(read("hash-memory = \"1 GiB\"\nhash-parallel = 64").is_ok());
}

#[test_waits::test]
async fn a_prefix_of_the_rpc_endpoint_that_hides_methods_or_pages_is_refused() {
    let api = App::in_memory(crate::app::AppOptions::new("app", tokens())).await.unwrap().api().unwrap();
    for (prefix, fault) in [
        ("/v1", "rpc-prefix: the prefix \"/v1\" hides the method /v1/"),
        ("/v1/test/test", "rpc-prefix: the prefix \"/v1/test/test\" hides the method /v1/test/test"),
        ("/healthz", "rpc-prefix: the prefix \"/healthz\" hides the page /healthz"),
        ("/readyz", "rpc-prefix: the prefix \"/readyz\" hides the page /readyz"),
    ] {
        let config = read(&format!("rpc-prefix = \"{prefix}\"")).unwrap();
        assert!(config.depends_on_methods());
        let error = config.check_methods(&api).unwrap_err().to_string();
        assert!(error.starts_with(fault), "{error}");
    }
    let config = read("rpc-prefix = \"/rpc\"").unwrap();
    assert_eq!(config.check_methods(&api), Ok(()));
}

#[test_waits::test]
async fn an_origin_that_no_page_has_is_refused_under_the_name_of_its_option() {
    let api = App::in_memory(crate::app::AppOptions::new("app", tokens())).await.unwrap().api().unwrap();
    let file = "public-url = \"https://a!b.example/app\"\nallowed-origins = [\"https://c!d.example\"]";
    let config = read(file).unwrap();
    let service =
        HttpService::new(api).allow_origin_of("https://a!b.example/app").allow_origin_of("https://c!d.example/");
    let error = config.check_service(&service).unwrap_err().to_string();
    assert!(error.contains("public-url: \"https://a!b.example\" is no origin of web pages"), "{error}");
    assert!(error.contains("allowed-origins: \"https://c!d.example\" is no origin of web pages"), "{error}");
}
