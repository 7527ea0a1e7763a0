//! The client's address: the peer's, or behind listed proxies the right-most hop that is none of them.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Which header the proxies write. Only one is ever looked at, since a client can send the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=client` (RFC 7239).
    Forwarded,
}

/// The proxies whose word about the client's address is taken. None by default.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// The networks that proxies connect from, and the header that they write.
    #[must_use]
    pub fn new(networks: Vec<IpNet>, header: ForwardedHeader) -> Self {
        Self { networks, header }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The client behind a connection from `peer`.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if self.networks.is_empty() || !self.trusts(peer) {
            return peer;
        }
        let mut client = peer;
        for hop in self.hops(headers).into_iter().rev() {
            let Some(address) = hop else { break };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    /// The hops of all header lines, left to right; `None` for one that is no address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, parse): (HeaderName, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedHeader::XForwardedFor => (HeaderName::from_static("x-forwarded-for"), address),
            ForwardedHeader::Forwarded => (http::header::FORWARDED, forwarded_for),
        };
        let lines = headers.get_all(name);
        lines.iter().flat_map(|line| line.to_str().unwrap_or("?").split(',').map(parse)).collect()
    }
}

/// The `for` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    address(node.trim_matches('"'))
}

/// An address, with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare.or_else(with_port).or_else(in_brackets).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{ForwardedHeader, TrustedProxies};

    fn client(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let networks = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        TrustedProxies::new(networks, header).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        let xff = |peer, value| client(ForwardedHeader::XForwardedFor, peer, &[("x-forwarded-for", value)]);
        assert_eq!(xff("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(xff("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(xff("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(xff("10.0.0.1", "1.1.1.1, nonsense, 10.0.0.2"), "10.0.0.2");
        assert_eq!(xff("10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(xff("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
        assert_eq!(xff("10.0.0.1", "198.51.100.1:4711"), "198.51.100.1");
        assert_eq!(xff("fd00::1", "[2001:db8::5]:443"), "2001:db8::5");
        assert_eq!(xff("::ffff:10.0.0.1", "::ffff:198.51.100.1"), "198.51.100.1");
    }

    #[test]
    fn all_lines_count_and_the_other_header_does_not() {
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=9.9.9.9")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "198.51.100.1");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=9.9.9.9, For=\"[2001:db8::5]:1\";proto=https")];
        assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &lines), "2001:db8::5");
        assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &[("forwarded", "for=unknown")]), "10.0.0.1");
    }
}
