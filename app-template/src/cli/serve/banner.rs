//! What somebody at a terminal sees when the server listens.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

use rpc_core::Api;

use super::metrics;
use super::root::FirstStart;
use crate::naming;

/// The columns of an address and of a password.
const WIDTH: usize = 35;

/// What the banner shows.
pub(super) struct Banner<'a> {
    pub(super) address: SocketAddr,
    /// Where metrics are served.
    pub(super) metrics: Option<SocketAddr>,
    pub(super) public_url: Option<String>,
    pub(super) rpc_prefix: &'a str,
    /// Where everything is kept.
    pub(super) storage: String,
    /// Whether it outlives the process, and commands can work on it.
    pub(super) storage_lasts: bool,
    /// The server that takes mails.
    pub(super) mail_server: Option<String>,
    pub(super) first_start: &'a FirstStart,
    pub(super) api: &'a Api,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  {} {}", naming::name(), naming::version())?;
        self.addresses(f)?;
        writeln!(f, "    Storage    {}", self.storage)?;
        match &self.mail_server {
            Some(server) => writeln!(f, "    Mail       {server}")?,
            None => writeln!(f, "    Mail       not configured: mails are written to the log")?,
        }
        self.first_start(f)?;
        writeln!(f, "\n  Press Ctrl-C to stop")
    }
}

impl Banner<'_> {
    fn addresses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, rpc_prefix, api, .. } = self;
        let versions: BTreeSet<&str> = api.methods().filter_map(|method| version(method.path())).collect();
        for name in versions {
            let of_version =
                api.methods().filter(|method| !method.is_private() && version(method.path()) == Some(name));
            let count = of_version.count();
            let methods = if count == 1 { "method" } else { "methods" };
            writeln!(f, "  > API        {:WIDTH$}{count} {methods}", format!("http://{address}/{name}/"))?;
        }
        writeln!(f, "  > RPC        {:WIDTH$}JSON-RPC, WebSocket", format!("http://{address}{rpc_prefix}"))?;
        if let Some(address) = self.metrics {
            writeln!(f, "  > Metrics    {}", metrics::url(address))?;
        }
        match &self.public_url {
            Some(url) => writeln!(f, "  > Public     {url}"),
            None => Ok(()),
        }
    }

    fn first_start(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = match self.first_start {
            FirstStart::Nothing => return Ok(()),
            FirstStart::Password(password) => format!("{:WIDTH$}shown only now", password.expose()),
            FirstStart::Written(path) => format!("in {}", path.display()),
        };
        writeln!(f, "\n  First start: administrator created\n    user       root\n    password   {password}")?;
        if self.storage_lasts {
            writeln!(f, "    lost it?   {} user reset-root-password", naming::name())?;
        }
        Ok(())
    }
}

fn version(path: &str) -> Option<&str> {
    path.split('/').nth(1)
}

#[cfg(test)]
mod tests {
    use rpc_auth::Secret;

    use super::{Banner, FirstStart};

    const MEMORY: &str = "memory: everything is lost when this stops (use --database-url)";

    fn text(first_start: &FirstStart, mail_server: Option<&str>) -> Vec<String> {
        let banner = Banner {
            address: "127.0.0.1:8080".parse().unwrap(),
            metrics: mail_server.map(|_| "127.0.0.1:9090".parse().unwrap()),
            public_url: mail_server.map(|_| "https://api.example.com/".to_owned()),
            rpc_prefix: "/api",
            storage: if mail_server.is_some() { "Postgres at /run/postgresql/app" } else { MEMORY }.to_owned(),
            storage_lasts: mail_server.is_some(),
            mail_server: mail_server.map(str::to_owned),
            first_start,
            api: &crate::api::build(&crate::extension::Extension::default()).unwrap(),
        };
        banner.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_banner_says_where_to_go_and_who_may() {
        let methods = crate::api::build(&crate::extension::Extension::default()).unwrap().methods().len();
        let expected = [
            "",
            concat!("  app-template ", env!("CARGO_PKG_VERSION")),
            &format!("  > API        http://127.0.0.1:8080/v1/          {methods} methods"),
            "  > RPC        http://127.0.0.1:8080/api          JSON-RPC, WebSocket",
            "    Storage    memory: everything is lost when this stops (use --database-url)",
            "    Mail       not configured: mails are written to the log",
            "",
            "  First start: administrator created",
            "    user       root",
            "    password   q7mx-h2vd-9tkc-w4rn-p8sz           shown only now",
            "",
            "  Press Ctrl-C to stop",
        ];
        assert_eq!(text(&FirstStart::Password(Secret::new("q7mx-h2vd-9tkc-w4rn-p8sz")), None), expected);
    }

    #[test]
    fn what_there_is_nothing_to_tell_of_is_no_line() {
        let lines = text(&FirstStart::Nothing, Some("mail.example.com:587"));
        assert_eq!(lines[4], "  > Metrics    http://127.0.0.1:9090/metrics");
        assert_eq!(lines[5], "  > Public     https://api.example.com/");
        assert_eq!(lines[6], "    Storage    Postgres at /run/postgresql/app");
        assert_eq!(lines[7..], ["    Mail       mail.example.com:587", "", "  Press Ctrl-C to stop"]);
        let lines = text(&FirstStart::Password(Secret::new("q7mx-h2vd-9tkc-w4rn-p8sz")), Some("mail.example.com:587"));
        assert!(lines.contains(&"    lost it?   app-template user reset-root-password".to_owned()), "{lines:?}");
        let lines = text(&FirstStart::Written("/run/root".into()), None);
        assert!(lines.contains(&"    password   in /run/root".to_owned()));
    }
}
