//! The command line: its commands, and what runs them.

mod call;
mod completion;
mod config;
mod docs;
mod flags;
mod healthcheck;
mod methods;
mod migrate;
mod operator;
mod serve;
mod user;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::runtime::Runtime;

use self::flags::{GlobalFlags, ServeFlags};
use crate::config::{Environment, Flags, ServeConfig, Sources};
use crate::extension::Extension;
use crate::failure::{Exit, Failure};
use crate::{log, naming, output};

/// An API server: serves its methods over HTTP and WebSocket, documents them, calls them.
#[derive(Debug, Parser)]
#[command(name = naming::name(), version = naming::version(), after_help = example(&["", "serve --port 8081"]))]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeFlags,
    #[command(flatten)]
    global: GlobalFlags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API; what happens without a command
    #[command(after_help = example(&["serve --port 8081 --public-url https://api.example.com"]))]
    Serve(ServeFlags),
    /// Write the reference of the API, of the configuration, or of the metrics, in Markdown
    #[command(after_help = example(&["docs -o docs/api-v1.md", "docs -o docs/api-v1.md --check", "docs --format reference -o docs/reference.md"]))]
    Docs(docs::DocsArgs),
    /// List the methods: id, parameters, permissions, limits
    #[command(after_help = example(&["methods", "methods --json"]))]
    Methods(methods::MethodsArgs),
    /// Call one method inside the process
    #[command(after_help = example(&["call /v1/test/test '\"x\"'", "call /v1/admin/users/read --as root"]))]
    Call(call::CallArgs),
    /// Bring the schema of the storage up to date
    #[command(after_help = example(&["migrate", "migrate status"]))]
    Migrate(migrate::MigrateArgs),
    /// List and change users in the storage
    #[command(after_help = example(&["user list", "user create ann --admin --password-stdin < password.txt", "user reset-root-password"]))]
    User(user::UserArgs),
    /// Show the configuration in effect, and what set each option
    #[command(after_help = example(&["config", "config --config {file} --check"]))]
    Config(config::ConfigArgs),
    /// Ask a running server whether it is ready; ends with 0 or 1
    #[command(after_help = example(&["healthcheck", "healthcheck --url http://127.0.0.1:8081/readyz --timeout 1s"]))]
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Write a script that completes this command line in a shell
    #[command(after_help = example(&["completion bash > /etc/bash_completion.d/{name}"]))]
    Completion(completion::CompletionArgs),
}

/// Reads the command line and the environment of the process, and does what they say.
pub(crate) fn run(extension: &Extension) -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // As `Error::exit`, which leaves the process without unwinding: help that nobody reads is no failure.
            let _ = error.print();
            return if error.use_stderr() { usage().into() } else { ExitCode::SUCCESS };
        }
    };
    let is_healthcheck = matches!(cli.command, Some(Command::Healthcheck(_)));
    match execute(cli, Environment::of_process(), extension) {
        Ok(code) => code,
        Err(failure) => {
            output::note(&failure);
            if is_healthcheck { Exit::Failure.into() } else { failure.exit.into() }
        }
    }
}

/// The exit code of a wrong command line. A health check of a container knows no other failure than 1.
fn usage() -> Exit {
    let is_healthcheck = std::env::args_os().skip(1).any(|word| word == "healthcheck");
    if is_healthcheck { Exit::Failure } else { Exit::Usage }
}

fn parse() -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let Some(name) = matches.subcommand_name() else { return Cli::from_arg_matches(&matches) };
    let serve = ServeFlags::augment_args(clap::Command::new(naming::name()));
    let given = |arg: &&clap::Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    if let Some(flag) = serve.get_arguments().find(given).and_then(clap::Arg::get_long) {
        let text = format!("--{flag} cannot stand before {name}: it belongs to serve, and after it");
        return Err(command.error(ErrorKind::ArgumentConflict, text));
    }
    Cli::from_arg_matches(&matches)
}

fn execute(cli: Cli, environment: Environment, extension: &Extension) -> Result<ExitCode, Failure> {
    let Cli { command, serve, global } = cli;
    let command = command.unwrap_or(Command::Serve(serve));
    let of_command = match &command {
        Command::Serve(flags) => flags.0.clone(),
        Command::Config(args) => args.serve.0.clone(),
        Command::Call(args) => args.storage.0.clone(),
        Command::Migrate(args) => args.storage.0.clone(),
        Command::User(args) => args.storage.0.clone(),
        _ => Flags::new(),
    };
    let sources = Sources::read(global.flags.into_iter().chain(of_command).collect(), environment, global.file)?;
    let endpoint = if matches!(command, Command::Serve(_)) { sources.spans()? } else { None };
    let log = log::start(&sources.log()?, endpoint.as_ref())?;
    let (_last_lines, message_format) = (log.last_lines(), log.message_format);
    match command {
        Command::Serve(_) => serve::run(&sources, log, extension),
        Command::Docs(args) => docs::run(&args, extension),
        Command::Methods(args) => methods::run(&args, &crate::api::build(extension)?),
        Command::Call(args) => call::run(&args, &sources, message_format, extension),
        Command::Migrate(args) => migrate::run(&args, &sources, message_format),
        Command::User(args) => user::run(args, &sources, message_format, extension),
        Command::Config(args) => config::run(&args, &sources, extension),
        Command::Healthcheck(args) => healthcheck::run(&args, &sources, extension),
        Command::Completion(args) => completion::run(&args, Cli::command()),
    }
}

/// The configuration of the server.
fn serve_config(sources: &Sources, extension: &Extension) -> Result<ServeConfig, Failure> {
    let tokens = naming::tokens().map_err(|error| Failure::new(Exit::Failure, error))?;
    let mut config = sources.serve(naming::name(), tokens)?;
    config.app.permissions.extend_from_slice(extension.permissions());
    Ok(config)
}

/// Warns of variables that look like options and are none.
fn warn_of_unknown(environment: &Environment) {
    for (variable, meant) in environment.unknown() {
        let hint = meant.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        tracing::warn!(event = "config.unknown", variable, "{variable} sets nothing{hint}");
    }
}

/// The threads that calls run on.
fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::new(Exit::Failure, format!("no threads can be started: {error}")))
}

/// The end of a command's help.
fn example(lines: &[&str]) -> String {
    let (name, file) = (naming::name(), naming::config_file());
    let named = |line: &&str| line.replace("{name}", name).replace("{file}", &file);
    let lines = lines.iter().map(|line| format!("\n  {name} {}", named(line)).trim_end().to_owned());
    format!("{}:{}", if lines.len() == 1 { "Example" } else { "Examples" }, lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        assert!(crate::naming::tokens().is_ok());
    }

    #[test]
    fn every_help_ends_with_an_example_and_names_the_variables() {
        let mut whole = Cli::command();
        whole.build();
        let serve = whole.find_subcommand("serve").unwrap();
        let port = serve.get_arguments().find(|arg| arg.get_long() == Some("port")).unwrap();
        let help = port.get_help().unwrap().to_string();
        assert!(help.ends_with(" [env: APP_PORT, PORT] [default: 8080]"), "{help}");
        let of_user = whole.find_subcommand("user").unwrap().get_subcommands().cloned().collect::<Vec<_>>();
        let commands = std::iter::once(whole.clone()).chain(whole.get_subcommands().cloned()).chain(of_user);
        for mut command in commands.filter(|command| command.get_name() != "help") {
            let help = command.render_help().to_string();
            assert!(help.trim_end().lines().last().unwrap().starts_with("  app-template"), "{help}");
        }
    }
}
