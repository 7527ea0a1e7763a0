//! The command line: what can be asked, and who answers.

mod call;
mod docs;
mod methods;
mod serve;

use std::net::IpAddr;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, Environment, KEYS, Key, LogFlags, LogFormat, LogLevel, PublicUrl};
use crate::failure::{Exit, Failure};
use crate::{log, output};

/// The name of the program.
pub(crate) const NAME: &str = env!("CARGO_PKG_NAME");

/// An API server: serves its methods over HTTP, documents them, calls them.
#[derive(Debug, Parser)]
#[command(name = NAME, version, after_help = example(&["", "serve --port 8081"]))]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API; what happens without a command
    #[command(after_help = example(&["serve --port 8081 --public-url https://api.example.com"]))]
    Serve(ServeArgs),
    /// Write the reference of the API, in Markdown
    #[command(after_help = example(&["docs -o docs/api-v1.md", "docs -o docs/api-v1.md --check"]))]
    Docs(docs::DocsArgs),
    /// List the methods: id, parameters, permissions, limits
    #[command(after_help = example(&["methods", "methods --json"]))]
    Methods(methods::MethodsArgs),
    /// Call one method inside the process
    #[command(after_help = example(&["call /v1/test/test '\"x\"'", "call /v1/test/upload '{\"a\": 1}' --as root"]))]
    Call(call::CallArgs),
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Address to listen on
    #[arg(short, long, value_name = "ADDRESS", value_parser = config::parse::<IpAddr>)]
    bind: Option<IpAddr>,
    /// Port to listen on; 0 takes any free one
    #[arg(short, long, value_name = "NUMBER", value_parser = config::parse::<u16>)]
    port: Option<u16>,
    /// Where the world reaches the server; web pages from there may read answers
    #[arg(long, value_name = "URL", value_parser = config::parse::<PublicUrl>)]
    public_url: Option<PublicUrl>,
    /// Say nothing at start
    #[arg(long)]
    no_banner: bool,
}

#[derive(Debug, Args)]
struct LogArgs {
    /// auto, compact, pretty or json; auto is compact on a terminal, else json
    #[arg(long, global = true, value_name = "FORMAT", value_parser = config::parse::<LogFormat>, help_heading = "Log")]
    log_format: Option<LogFormat>,
    /// off, error, warn, info, debug or trace; RUST_LOG goes before it
    #[arg(long, global = true, value_name = "LEVEL", value_parser = config::parse::<LogLevel>, help_heading = "Log")]
    log_level: Option<LogLevel>,
}

/// Runs the program: reads the command line and the environment of the process, and does what they say.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // As `Error::exit`, which leaves the process without unwinding: help that nobody reads is no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    match execute(cli, &Environment::of_process()) {
        Ok(code) => code,
        Err(failure) => {
            output::note(&failure);
            failure.exit.into()
        }
    }
}

fn parse() -> Result<Cli, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let Some(name) = matches.subcommand_name() else { return Cli::from_arg_matches(&matches) };
    let serve = ServeArgs::augment_args(clap::Command::new(NAME));
    let given = |arg: &&clap::Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    if let Some(flag) = serve.get_arguments().find(given).and_then(clap::Arg::get_long) {
        let text = format!("--{flag} cannot stand before {name}: it belongs to serve, and after it");
        return Err(command.error(ErrorKind::ArgumentConflict, text));
    }
    Cli::from_arg_matches(&matches)
}

fn execute(cli: Cli, environment: &Environment) -> Result<ExitCode, Failure> {
    let log_flags = LogFlags { format: cli.log.log_format, level: cli.log.log_level };
    let audience = log::start(&environment.log(&log_flags)?)?;
    let api = || crate::api::build().map_err(|error| Failure::new(Exit::Failure, error));
    match cli.command {
        None => serve::run(cli.serve, environment, audience, api()?),
        Some(Command::Serve(args)) => serve::run(args, environment, audience, api()?),
        Some(Command::Docs(args)) => docs::run(&args, &api()?),
        Some(Command::Methods(args)) => methods::run(&args, &api()?),
        Some(Command::Call(args)) => call::run(&args, api()?),
    }
}

/// The command line with each setting's variables and default in its help.
fn command() -> clap::Command {
    fn with_sources(command: clap::Command) -> clap::Command {
        command.mut_args(|arg| match KEYS.iter().find(|key| Some(key.name) == arg.get_long()) {
            Some(key) => {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                arg.help(format!("{help} {}", sources(key)))
            }
            None => arg,
        })
    }
    with_sources(Cli::command()).mut_subcommands(with_sources)
}

fn sources(key: &Key) -> String {
    let variables = key.variables().collect::<Vec<_>>().join(", ");
    let default = if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
    format!("[env: {variables}]{default}")
}

/// The end of a command's help.
fn example(lines: &[&str]) -> String {
    let lines = lines.iter().map(|line| format!("\n  {NAME} {line}").trim_end().to_owned());
    format!("{}:{}", if lines.len() == 1 { "Example" } else { "Examples" }, lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_help_ends_with_an_example_and_names_the_variables() {
        let mut whole = command();
        whole.build();
        let serve = whole.find_subcommand("serve").unwrap();
        let port = serve.get_arguments().find(|arg| arg.get_long() == Some("port")).unwrap();
        let help = port.get_help().unwrap().to_string();
        assert!(help.ends_with(" [env: APP_PORT, PORT] [default: 8080]"), "{help}");
        let commands = std::iter::once(whole.clone()).chain(whole.get_subcommands().cloned());
        for mut command in commands.filter(|command| command.get_name() != "help") {
            let help = command.render_help().to_string();
            assert!(help.trim_end().lines().last().unwrap().starts_with("  app-template"), "{help}");
        }
    }
}
