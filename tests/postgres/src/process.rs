//! Processes of a server: found by whom they serve, and made to stand still.

use rustix::process::{Pid, Signal, kill_process};
use sqlx::ConnectOptions;

use crate::cluster::Cluster;

impl Cluster {
    /// The processes of the server that serve connections with a name (`application_name`), oldest first.
    ///
    /// # Panics
    ///
    /// The server does not answer.
    pub async fn backends(&self, name: &str) -> Vec<Pid> {
        let mut connection = self.options("postgres").connect().await.expect("the server takes connections");
        let query = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY backend_start";
        let pids = sqlx::query_scalar::<_, i32>(query).bind(name).fetch_all(&mut connection).await;
        pids.expect("the server says whom it serves").into_iter().filter_map(Pid::from_raw).collect()
    }
}

/// A process that stands still until this is dropped.
#[derive(Debug)]
pub struct Stopped(Pid);

impl Stopped {
    /// Stops a process.
    ///
    /// # Panics
    ///
    /// There is no such process, or it is somebody else's.
    #[must_use]
    pub fn process(pid: Pid) -> Self {
        kill_process(pid, Signal::STOP).expect("the process is there");
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // It may have ended meanwhile.
        let _ = kill_process(self.0, Signal::CONT);
    }
}
