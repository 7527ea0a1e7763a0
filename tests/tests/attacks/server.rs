//! The server that is attacked, and what it takes of the machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpSocket, TcpStream};

use crate::process::{Running, command};

/// The password of root.
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Server {
    _running: Running,
    process: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let mut app = command("app-template", &["--port", "0"]);
        app.env("APP_ROOT_PASSWORD", PASSWORD).env("APP_LOG_FORMAT", "json").envs(settings.iter().copied());
        let (mut running, address) = Running::serve(&mut app).await;
        let process = PathBuf::from(format!("/proc/{}", running.id()));
        running.read_on();
        Self { _running: running, process, address: address.parse().unwrap() }
    }

    /// A line of the kernel's account of the process, in bytes.
    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(self.process.join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kibibytes: u64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes * 1024
    }

    /// Bytes of memory that the process has now, and the most that it had.
    pub(crate) fn resident(&self) -> (u64, u64) {
        (self.status("VmRSS"), self.status("VmHWM"))
    }

    /// Descriptors that are open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(self.process.join("fd")).unwrap().count()
    }

    /// A connection from one of the loopback's addresses, each of which counts as somebody else.
    pub(crate) async fn connect(&self, network: u16) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        let [high, low] = network.to_be_bytes();
        // What is not read does not wait in the system.
        socket.set_recv_buffer_size(4096)?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 9, high, low), 0)))?;
        socket.connect(self.address).await
    }
}

/// How many connections this process can open, up to so many.
pub(crate) fn connections(max: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let room = getrlimit(Resource::Nofile).current.map_or(max, |room| usize::try_from(room).unwrap() - 500);
    max.min(room)
}
