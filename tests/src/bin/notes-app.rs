//! A program with tables of its own beside those of the application, for tests.

use std::process::ExitCode;

use app_template::{Program, ProgramParts, StartError};
use rpc_core::storage::postgres::Tables;
use rpc_core::storage::{self, StoreError};
use rpc_core::{ApiError, api_method, api_module};
use sqlx::PgPool;
use sqlx::migrate::Migrator;

const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "notes", "CREATE TABLE notes_notes (text text NOT NULL)")];

fn migrator() -> Migrator {
    storage::migrator("_notes_migrations", &MIGRATIONS)
}

/// Where notes are kept.
struct Notes(PgPool);

impl Notes {
    async fn open(parts: ProgramParts) -> Result<Self, StartError> {
        let pool = parts.postgres().ok_or("notes are kept in a database. Try: --database-url")?;
        // Fails where the table is not there.
        sqlx::query("SELECT count(*) FROM notes_notes").execute(pool).await?;
        Ok(Self(pool.clone()))
    }
}

api_module! {
    /// Notes
    path = "/v1/notes"
}

/// Add a note, and say how many there are
#[api_method(path = "/v1/notes/add", permissions = ["*"])]
async fn add(notes: &Notes, text: String) -> Result<i64, ApiError> {
    let added = sqlx::query("INSERT INTO notes_notes (text) VALUES ($1)").bind(text).execute(&notes.0).await;
    added.map_err(StoreError::from)?;
    let count = sqlx::query_scalar("SELECT count(*) FROM notes_notes").fetch_one(&notes.0).await;
    Ok(count.map_err(StoreError::from)?)
}

fn main() -> ExitCode {
    Program::new("notes").tables(Tables { name: "notes", prefix: "notes_", migrator }).state(Notes::open).run()
}
