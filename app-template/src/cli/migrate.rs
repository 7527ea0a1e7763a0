//! `migrate`: the schema of the storage, brought up to date.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::example;
use super::flags::StorageFlags;
use crate::config::Layers;
use crate::failure::Failure;
use crate::log::Audience;
use crate::storage::require_database;

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

pub(super) fn run(args: &MigrateArgs, layers: &Layers, audience: Audience) -> Result<ExitCode, Failure> {
    let settings = layers.storage()?;
    require_database(&settings)?;
    postgres::run(args.command.unwrap_or(Migrate::Up), &settings, audience)
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::fmt::Write as _;
    use std::process::ExitCode;

    use tokio::time::Instant;

    use super::Migrate;
    use crate::cli::runtime;
    use crate::config::StorageSettings;
    use crate::failure::{Exit, Failure};
    use crate::log::Audience;
    use crate::output;
    use crate::postgres::{Component, Database, Progress};
    use crate::storage::node;

    pub(super) fn run(command: Migrate, settings: &StorageSettings, audience: Audience) -> Result<ExitCode, Failure> {
        let start = Instant::now();
        let report = move |progress: Progress<'_>| node::tell(&progress, start, audience);
        runtime()?.block_on(async {
            let Some(url) = &settings.url else { return Ok(ExitCode::SUCCESS) };
            let database = node::connect(url, settings, &report).await?;
            match command {
                Migrate::Up => up(&database, &report).await,
                Migrate::Status => status(&database).await,
            }
        })
    }

    async fn up(database: &Database, report: &(dyn Fn(Progress<'_>) + Sync)) -> Result<ExitCode, Failure> {
        let mut lock = database.lock(report).await?;
        lock.migrate(report).await?;
        lock.unlock().await?;
        let components = database.components().await?;
        let applied: usize = components.iter().map(|component| component.applied).sum();
        output::result(&format!("up to date: {applied} migrations\n"))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn status(database: &Database) -> Result<ExitCode, Failure> {
        let components = database.components().await?;
        output::result(&table(&components))?;
        match node::pending(&components) {
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
}

#[cfg(not(feature = "postgres"))]
mod postgres {
    use std::process::ExitCode;

    use super::Migrate;
    use crate::config::StorageSettings;
    use crate::failure::Failure;
    use crate::log::Audience;
    use crate::storage::without_postgres;

    pub(super) fn run(_: Migrate, settings: &StorageSettings, _: Audience) -> Result<ExitCode, Failure> {
        Err(without_postgres(settings))
    }
}
