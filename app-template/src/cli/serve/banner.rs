//! What somebody at a terminal sees when the server listens.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rpc_core::Api;

use super::RPC_PREFIX;
use crate::cli::NAME;
use crate::config::PublicUrl;

/// The columns of an address.
const WIDTH: usize = 35;

pub(super) fn text(address: SocketAddr, public_url: Option<&PublicUrl>, api: &Api) -> String {
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
    lines.extend([String::new(), "  Press Ctrl-C to stop".to_owned(), String::new()]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use crate::config::{PublicUrl, Setting};

    #[test]
    fn the_banner_says_where_to_go() {
        let api = crate::api::build().unwrap();
        let url = PublicUrl::parse("https://api.example.com");
        let text = super::text("127.0.0.1:8080".parse().unwrap(), url.as_ref(), &api);
        let expected = [
            "",
            concat!("  app-template ", env!("CARGO_PKG_VERSION")),
            "  > API        http://127.0.0.1:8080/v1/          2 methods",
            "  > RPC        http://127.0.0.1:8080/api          JSON-RPC, WebSocket",
            "  > Public     https://api.example.com/",
            "",
            "  Press Ctrl-C to stop",
            "",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected[..7]);
    }
}
