//! A cluster of its own: made, started, stopped, killed, started again.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use sqlx::postgres::PgConnectOptions;

use crate::binaries::Binaries;
use crate::guard::Guard;

/// The user that the server runs as when the test runs as root, which Postgres refuses.
const SYSTEM_USER: &str = "postgres";

/// The superuser of the cluster.
const SUPERUSER: &str = "postgres";

/// Settings that make a test fast and a connection in every test possible.
const SETTINGS: &str = "listen_addresses = ''\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n\
                        max_connections = 300\nlog_min_messages = fatal\n";

/// How often it is looked whether a process that was killed is gone, and how long between: a minute in all.
const LOOKS: usize = 6000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Connections are ended, what is being written is finished.
    Fast,
    /// As after a crash: it recovers at the next start.
    Immediate,
}

/// A Postgres server of its own, in a temporary folder, reached by a socket in that folder. It is stopped and removed when
/// this is dropped, and when the process ends in any way.
///
/// Its databases sort text by the rules of English, as real ones do, so that a store that relies on the order of code
/// points has to ask for it.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    binaries: Binaries,
    run_by: Vec<String>,
    _guard: Guard,
}

impl Cluster {
    /// Makes and starts a cluster.
    ///
    /// # Panics
    ///
    /// There is no Postgres, or it does not start; the text says why.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// As [`start`](Self::start), with further lines in `postgresql.conf`.
    ///
    /// # Panics
    ///
    /// As `start`.
    #[must_use]
    #[expect(clippy::panic, reason = "a missing part is a failure of the test")]
    pub fn start_with(settings: &str) -> Self {
        let binaries = Binaries::find().unwrap_or_else(|none| panic!("{none}"));
        Self::make(binaries, settings).unwrap_or_else(|error| panic!("Postgres does not start: {error}"))
    }

    fn make(binaries: Binaries, settings: &str) -> io::Result<Self> {
        // Below /tmp, whatever TMPDIR says: the path of a socket has 107 bytes at most.
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp")?.keep();
        let run_by = run_by();
        let guard = Guard::over(&folder, &binaries, &run_by)?;
        if !run_by.is_empty() {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
            chown(&folder, Some(system_uid()?), None)?;
        }
        let cluster = Self { folder, binaries, run_by, _guard: guard };
        let arguments = ["-A", "trust", "-N", "-E", "UTF8", "-U", SUPERUSER, "--locale=C.UTF-8"];
        let by_language = ["--locale-provider=icu", "--icu-locale=en-US"];
        cluster.run("initdb", &[&arguments[..], &by_language, &["-D", &cluster.path("data")]].concat())?;
        let config = cluster.folder.join("data/postgresql.conf");
        let own = format!("\nunix_socket_directories = '{}'\n{SETTINGS}{settings}\n", cluster.folder.display());
        fs::write(&config, fs::read_to_string(&config)? + &own)?;
        cluster.run_server()?;
        Ok(cluster)
    }

    /// How to connect to a database of it, as the superuser.
    #[must_use]
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.folder).username(SUPERUSER).database(database)
    }

    /// The URL of a database of it, for programs.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}@localhost/{database}?host={}", self.folder.display())
    }

    /// The folder of the cluster; its data is in `data`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the server, and waits until it is gone.
    ///
    /// # Panics
    ///
    /// It does not stop.
    pub fn stop(&self, mode: StopMode) {
        let mode = match mode {
            StopMode::Fast => "fast",
            StopMode::Immediate => "immediate",
        };
        self.run("pg_ctl", &["stop", "-D", &self.path("data"), "-m", mode, "-w"]).expect("the server stops");
    }

    /// Starts the server again, and waits until it answers.
    ///
    /// # Panics
    ///
    /// It does not start.
    pub fn start_again(&self) {
        self.wait_for_end();
        self.run_server().expect("the server starts again");
    }

    /// Kills the server's first process with SIGKILL, as the kernel does when memory is short. The others end by themselves.
    ///
    /// # Panics
    ///
    /// It does not run.
    pub fn kill(&self) {
        kill_process(self.pid(), Signal::KILL).expect("the server runs");
    }

    /// The id of the server's first process.
    ///
    /// # Panics
    ///
    /// It does not run.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.noted_pid().expect("the server runs, and the first line of its file is the id of the process")
    }

    /// The first process, as the server has noted it; a server that was killed has not taken its note back.
    fn noted_pid(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        file.lines().next()?.parse().ok().and_then(Pid::from_raw)
    }

    /// A process that was killed counts as running, and keeps another server from its data, until whoever inherited it has taken
    /// note of its end.
    fn wait_for_end(&self) {
        let Some(pid) = self.noted_pid() else { return };
        for _ in 0..LOOKS {
            if test_kill_process(pid).is_err() {
                return;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Lets none of the server's files grow beyond a size in bytes, as on a disk that is full; `None` lets them grow again.
    ///
    /// # Panics
    ///
    /// It does not run, or there is no `prlimit`, which Linux has.
    pub fn set_quota(&self, max: Option<u64>) {
        let limit = max.map_or_else(|| "unlimited".to_owned(), |max| max.to_string());
        let first = self.pid().as_raw_nonzero();
        let others = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).expect("the server runs");
        // Whoever is begun later has the limit of the first.
        for pid in std::iter::once(first.to_string()).chain(others.split_whitespace().map(str::to_owned)) {
            // The soft limit only: the hard one cannot be raised again.
            let arguments = ["--pid", &pid, &format!("--fsize={limit}:")];
            let limited = self.run_program(Path::new("prlimit"), &arguments);
            let is_gone = !Path::new(&format!("/proc/{pid}")).exists();
            assert!(limited.is_ok() || is_gone, "{limited:?}");
        }
    }

    fn run_server(&self) -> io::Result<()> {
        let log = self.path("log");
        let result = self.run("pg_ctl", &["start", "-D", &self.path("data"), "-l", &log, "-w", "-t", "60"]);
        result.map_err(|error| io::Error::other(format!("{error}\n{}", fs::read_to_string(&log).unwrap_or_default())))
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<()> {
        self.run_program(&self.binaries.program(program), arguments)
    }

    fn run_program(&self, program: &Path, arguments: &[&str]) -> io::Result<()> {
        let program = program.display().to_string();
        let words: Vec<&str> = self.run_by.iter().map(String::as_str).chain([program.as_str()]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(arguments).current_dir("/").stdin(Stdio::null());
        // Pipes would stay open as long as the server runs.
        let printed = self.folder.join("printed");
        let file = fs::File::create(&printed)?;
        let Output { status, .. } = command.stdout(file.try_clone()?).stderr(file).output()?;
        if status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("{program} ended with {status}\n{}", fs::read_to_string(printed)?)))
    }
}

/// What runs the programs of Postgres: nothing, or `runuser` where this is root.
fn run_by() -> Vec<String> {
    if geteuid().is_root() { ["runuser", "-u", SYSTEM_USER, "--"].map(str::to_owned).to_vec() } else { Vec::new() }
}

fn system_uid() -> io::Result<u32> {
    let users = fs::read_to_string("/etc/passwd")?;
    let of_user = |line: &str| {
        let mut fields = line.split(':');
        (fields.next() == Some(SYSTEM_USER)).then(|| fields.nth(1)?.parse().ok()).flatten()
    };
    let missing = || io::Error::other(format!("there is no user {SYSTEM_USER} to run the server as, and root may not"));
    users.lines().find_map(of_user).ok_or_else(missing)
}
