//! `migrate`: the schema of the storage, brought up to date.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use rpc_core::storage::Component;

use super::flags::StorageFlags;
use super::{example, runtime};
use crate::config::Sources;
use crate::failure::{Exit, Failure};
use crate::log::MessageFormat;
use crate::output;
use crate::storage::{self, require_database};

#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    command: Option<Migrate>,
    #[command(flatten)]
    pub(super) storage: StorageFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
enum Migrate {
    /// Do what is pending; what happens without a word
    #[command(after_help = example(&["migrate up"]))]
    Up,
    /// Say what is pending; ends with 1 when something is
    #[command(after_help = example(&["migrate status"]))]
    Status,
}

pub(super) fn run(args: &MigrateArgs, sources: &Sources, message_format: MessageFormat) -> Result<ExitCode, Failure> {
    let config = sources.storage()?;
    require_database(&config)?;
    runtime()?.block_on(async {
        match args.command.unwrap_or(Migrate::Up) {
            Migrate::Up => up(&storage::migrate(&config, message_format).await?),
            Migrate::Status => status(&storage::components(&config, message_format).await?),
        }
    })
}

fn up(components: &[Component]) -> Result<ExitCode, Failure> {
    let applied: usize = components.iter().map(|component| component.applied).sum();
    output::result(&format!("up to date: {applied} migrations\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn status(components: &[Component]) -> Result<ExitCode, Failure> {
    output::result(&table(components))?;
    match storage::pending(components) {
        Some(pending) => Err(Failure::new(Exit::Failure, pending)),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// A line a component, and one for each pending migration.
fn table(components: &[Component]) -> String {
    let mut text = String::new();
    for Component { name, applied, pending } in components {
        // A `String` takes everything.
        let _ = writeln!(text, "{name}: {applied} done, {} pending", pending.len());
        for (version, description) in pending {
            let _ = writeln!(text, "  {version:04} {description}");
        }
    }
    text
}
