//! `docs`: the reference, written or compared.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::{Args, ValueEnum};
use rpc_core::docs::{self, ReferenceOptions};
use similar::TextDiff;

use crate::extension::Extension;
use crate::failure::{Exit, Failure};
use crate::{config, metrics, naming, output};

#[derive(Debug, Args)]
pub(super) struct DocsArgs {
    /// Where to write; `-` is stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Write nothing: compare with FILE, and print the difference and exit with 1 when there is one
    #[arg(long, requires = "output")]
    check: bool,
    /// What the reference of the API shows
    #[arg(long, value_name = "FORMAT", default_value = "methods", conflicts_with_all = ["configuration", "metrics"])]
    format: Format,
    /// The URL of the server in the calls that the reference of the API shows
    #[arg(long, value_name = "URL", value_parser = http_url, conflicts_with_all = ["configuration", "metrics"])]
    url: Option<String>,
    /// The reference of the configuration, in place of that of the API
    #[arg(long)]
    configuration: bool,
    /// The reference of the metrics, in place of that of the API
    #[arg(long, conflicts_with = "configuration")]
    metrics: bool,
}

/// How much the reference of the API tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Methods, who may call them, and parameters
    Methods,
    /// All there is to know: also results, types, limits, errors, events and calls to try
    Reference,
}

/// A URL to which paths can be added.
fn http_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_word = !text.contains(|char: char| char.is_whitespace() || char.is_control() || "'\"`\\$".contains(char));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') && is_word => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("it is no URL of a server, such as https://api.example.com".to_owned()),
    }
}

/// The reference of the API, and the command that writes it again.
fn reference(format: Format, url: Option<&str>, extension: &Extension) -> Result<(String, String), Failure> {
    let api = crate::api::build(extension)?;
    let url_flag = url.map(|url| format!(" --url {url}")).unwrap_or_default();
    Ok(match (format, url) {
        (Format::Methods, None) => (docs::markdown(&api), "docs".to_owned()),
        (Format::Methods, Some(url)) => (docs::markdown_at(&api, url), format!("docs{url_flag}")),
        (Format::Reference, url) => {
            let options = url.map_or_else(ReferenceOptions::default, |url| ReferenceOptions::default().url(url));
            (docs::reference(&api, &options), format!("docs --format reference{url_flag}"))
        }
    })
}

pub(super) fn run(args: &DocsArgs, extension: &Extension) -> Result<ExitCode, Failure> {
    let name = naming::name();
    let (document, again) = match args {
        DocsArgs { configuration: true, .. } => (config::markdown(name), "docs --configuration".to_owned()),
        DocsArgs { metrics: true, .. } => (metrics::markdown(name), "docs --metrics".to_owned()),
        DocsArgs { format, url, .. } => reference(*format, url.as_deref(), extension)?,
    };
    let is_stdout = args.output == Path::new("-");
    match (args.check, is_stdout) {
        (true, true) => {
            let message = format!("--check needs a file. Try: {name} docs -o docs/api-v1.md --check");
            return Err(Failure::new(Exit::Usage, message));
        }
        (true, false) => check(&args.output, &document, &again)?,
        (false, true) => output::result(&document)?,
        (false, false) => fs::write(&args.output, document).map_err(|error| cannot("written", &args.output, &error))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn check(file: &Path, document: &str, again: &str) -> Result<(), Failure> {
    let present = fs::read_to_string(file).map_err(|error| cannot("read", file, &error))?;
    if present == document {
        return Ok(());
    }
    let name = file.display().to_string();
    let difference = TextDiff::from_lines(present.as_str(), document);
    output::result(&difference.unified_diff().header(&name, "as it should be").to_string())?;
    Err(Failure::new(Exit::Failure, format!("{name} is stale. Try: {} {again} -o {name}", naming::name())))
}

fn cannot(what: &str, file: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("{} cannot be {what}: {error}", file.display()))
}
