//! The schema: one migrator a crate, all of them under one lock, so that of many nodes that start at once one does the work.

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{Connection, Executor, PgConnection};

use super::lock::LOCK_ROW;
use super::{Database, DatabaseError, MigrationLock, Progress, Report};
use crate::storage::Component;

impl Database {
    /// The migrations that were done, and those that are pending. Changes nothing.
    ///
    /// # Errors
    ///
    /// The server fails, or the database is not one of this program or of a newer one.
    pub async fn components(&self) -> Result<Vec<Component>, DatabaseError> {
        let mut connection = self.pool.acquire().await?;
        let mut components = Vec::new();
        for tables in &self.options.tables {
            components.push(component(tables.name, &(tables.migrator)(), &mut connection).await?);
        }
        Ok(components)
    }
}

impl MigrationLock {
    /// Runs the pending migrations, and reports each step. A migration that fails leaves nothing behind.
    ///
    /// # Errors
    ///
    /// A migration or the server fails, or the database is not one of this program or of a newer one.
    pub async fn migrate(&mut self, report: Report<'_>) -> Result<(), DatabaseError> {
        let connection = &mut self.worker;
        let mut pending = Vec::new();
        // All are looked at before the first one is done: nothing is begun on a database of a newer program.
        for tables in &self.tables {
            let mut migrator = (tables.migrator)();
            migrator.set_locking(false);
            let steps = component(tables.name, &migrator, connection).await?.pending;
            pending.push((tables.name, migrator, steps));
        }
        let of = pending.iter().map(|(_, _, steps)| steps.len()).sum();
        let mut number = 0;
        for (component, migrator, steps) in &pending {
            for (version, description) in steps {
                number += 1;
                report(Progress::Migrating { component, description, number, of });
                let mut transaction = connection.begin().await?;
                transaction.execute(LOCK_ROW).await?;
                let done = migrator.run_to(*version, &mut *transaction).await;
                done.map_err(|error| DatabaseError::migrating(component, known(migrator), error))?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }
}

/// The newest migration of the program.
fn known(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Compares what was done with what the program would do.
async fn component(
    name: &'static str,
    migrator: &Migrator,
    connection: &mut PgConnection,
) -> Result<Component, DatabaseError> {
    let exists: bool = sqlx::query_scalar("SELECT pg_catalog.to_regclass($1) IS NOT NULL")
        .bind(&*migrator.table_name)
        .fetch_one(&mut *connection)
        .await?;
    let fault = |error| DatabaseError::migrating(name, known(migrator), error);
    let applied = match exists {
        true => connection.list_applied_migrations(&migrator.table_name).await.map_err(fault)?,
        false => Vec::new(),
    };
    // The newest first: of a newer program it is told as such, whatever else differs.
    for done in applied.iter().rev() {
        match migrator.iter().find(|migration| migration.version == done.version) {
            None => return Err(fault(MigrateError::VersionMissing(done.version))),
            Some(known) if known.checksum != done.checksum => {
                return Err(fault(MigrateError::VersionMismatch(done.version)));
            }
            Some(_) => {}
        }
    }
    let is_pending = |version: i64| applied.iter().all(|done| done.version != version);
    let pending = migrator.iter().filter(|migration| is_pending(migration.version));
    let pending = pending.map(|migration| (migration.version, migration.description.to_string())).collect();
    Ok(Component { name, applied: applied.len(), pending })
}
