//! Everything in memory, until the process ends.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use rpc_core::http::Readiness;

use super::Storage;
use crate::app::AppParts;
use crate::failure::Failure;
use crate::metrics::DatabaseCounter;

/// No storage but the parts' own.
pub(super) struct Memory;

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory: everything is lost when this stops (use --database-url)")
    }
}

#[async_trait]
impl Storage for Memory {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn lasts(&self) -> bool {
        false
    }

    fn parts(&self) -> Result<AppParts, Failure> {
        Ok(AppParts::in_memory()?)
    }

    async fn prepared(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn readiness(&self) -> Arc<dyn Readiness> {
        Arc::new(AlwaysReady)
    }

    fn counter(&self) -> Option<DatabaseCounter> {
        None
    }

    async fn close(self: Box<Self>) {}
}

/// Memory is always there.
struct AlwaysReady;

#[async_trait]
impl Readiness for AlwaysReady {
    async fn is_ready(&self) -> bool {
        true
    }
}
