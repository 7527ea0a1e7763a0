//! What somebody at a terminal sees when the server listens.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rpc_auth::RootUser;
use rpc_core::Api;

use super::RPC_PREFIX;
use crate::cli::NAME;
use crate::config::PublicUrl;

/// The columns of an address.
const WIDTH: usize = 35;

pub(super) fn text(address: SocketAddr, public_url: Option<&PublicUrl>, api: &Api, root: &RootUser) -> String {
    let mut lines = vec![String::new(), format!("  {NAME} {}", env!("CARGO_PKG_VERSION"))];
    let versions: BTreeSet<&str> = api.methods().filter_map(|method| method.path().split('/').nth(1)).collect();
    for version in versions {
        let of_version = |path: &str| path.split('/').nth(1) == Some(version);
        let count = api.methods().filter(|method| !method.is_private() && of_version(method.path())).count();
        let methods = format!("{count} {}", if count == 1 { "method" } else { "methods" });
        lines.push(format!("  > API        {:WIDTH$}{methods}", format!("http://{address}/{version}/")));
    }
    lines.push(format!("  > RPC        {:WIDTH$}JSON-RPC, WebSocket", format!("http://{address}{RPC_PREFIX}")));
    if let Some(url) = public_url {
        lines.push(format!("  > Public     {url}"));
    }
    lines.push("    Storage    memory: everything is lost when this stops".to_owned());
    lines.push("    Mail       not configured: mails are written to the log".to_owned());
    if let RootUser::MadeWith(password) = root {
        lines.extend([
            String::new(),
            "  First start: administrator created".to_owned(),
            "    user       root".to_owned(),
        ]);
        lines.push(format!("    password   {:WIDTH$}shown only now", password.expose()));
    }
    lines.extend([String::new(), "  Press Ctrl-C to stop".to_owned(), String::new()]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use rpc_auth::{RootUser, Secret};

    use crate::config::{PublicUrl, Setting};

    #[test]
    fn the_banner_says_where_to_go() {
        let api = crate::api::build().unwrap();
        let url = PublicUrl::parse("https://api.example.com");
        let text = super::text(
            "127.0.0.1:8080".parse().unwrap(),
            url.as_ref(),
            &api,
            &RootUser::MadeWith(Secret::new("q7mx-h2vd")),
        );
        let expected = [
            "",
            concat!("  app-template ", env!("CARGO_PKG_VERSION")),
            "  > API        http://127.0.0.1:8080/v1/          32 methods",
            "  > RPC        http://127.0.0.1:8080/api          JSON-RPC, WebSocket",
            "  > Public     https://api.example.com/",
            "    Storage    memory: everything is lost when this stops",
            "    Mail       not configured: mails are written to the log",
            "",
            "  First start: administrator created",
            "    user       root",
            "    password   q7mx-h2vd                          shown only now",
            "",
            "  Press Ctrl-C to stop",
            "",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected[..13]);
    }
}
