//! Cleans up after the process, however it ends.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::binaries::Binaries;

/// A shell that waits until its input ends, which happens when this is dropped and also when the process is killed; then it
/// stops the server and removes the folder.
#[derive(Debug)]
pub(crate) struct Guard(Child);

/// `$1` is the folder, `$2` is `pg_ctl`, what follows is what it is run by. A signal to the whole group ends no guard.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
cat > /dev/null
folder=$1 ctl=$2
shift 2
"$@" "$ctl" stop -D "$folder/data" -m immediate -t 20
rm -rf "$folder"
"#;

impl Guard {
    /// Watches over a cluster's folder. `run_by` is the command that takes `pg_ctl` as its arguments.
    pub(crate) fn over(folder: &Path, binaries: &Binaries, run_by: &[String]) -> std::io::Result<Self> {
        let child = Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(folder)
            .arg(binaries.program("pg_ctl"))
            .args(run_by)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Whatever it could not do is in a temporary folder.
        let _ = self.0.wait();
    }
}
