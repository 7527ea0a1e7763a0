//! `docs`: the reference, written or compared.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Args;
use rpc_core::docs;
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
    /// The reference of the configuration, in place of that of the API
    #[arg(long)]
    configuration: bool,
    /// The reference of the metrics, in place of that of the API
    #[arg(long, conflicts_with = "configuration")]
    metrics: bool,
}

pub(super) fn run(args: &DocsArgs, extension: &Extension) -> Result<ExitCode, Failure> {
    let name = naming::name();
    let (document, again) = match args {
        DocsArgs { configuration: true, .. } => (config::markdown(name), "docs --configuration"),
        DocsArgs { metrics: true, .. } => (metrics::markdown(name), "docs --metrics"),
        _ => (docs::markdown(&crate::api::build(extension)?), "docs"),
    };
    let is_stdout = args.output == Path::new("-");
    match (args.check, is_stdout) {
        (true, true) => {
            let message = format!("--check needs a file. Try: {name} docs -o docs/api-v1.md --check");
            return Err(Failure::new(Exit::Usage, message));
        }
        (true, false) => check(&args.output, &document, again)?,
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
