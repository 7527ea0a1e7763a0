//! The client's address: the peer's, or behind listed proxies the right-most hop that is none of them.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
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

/// The proxies that are trusted to name the client's address. None by default.
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

    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
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
        let lines = |name| headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?"));
        match self.header {
            ForwardedHeader::XForwardedFor => lines(HeaderName::from_static("x-forwarded-for"))
                .flat_map(|line| line.split(',').map(address))
                .collect(),
            ForwardedHeader::Forwarded => lines(header::FORWARDED).flat_map(forwarded_for).collect(),
        }
    }
}

/// The `for` of each element of a line of `Forwarded`. A proxy quotes what a client chose, its `host`: what stands in quotes
/// separates nothing, and a line whose quotes do not end tells nothing.
fn forwarded_for(line: &str) -> Vec<Option<IpAddr>> {
    let Some(elements) = split_outside_quotes(line, ',') else { return vec![None] };
    elements.into_iter().map(node_of).collect()
}

/// The address of an element that has one `for`.
fn node_of(element: &str) -> Option<IpAddr> {
    let pairs = split_outside_quotes(element, ';')?;
    let mut nodes = pairs
        .iter()
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    match (nodes.next(), nodes.next()) {
        (Some((_, node)), None) => {
            address(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
        }
        _ => None,
    }
}

/// The parts between separators that are in no quoted string (RFC 9110, section 5.6.4). `None` if one does not end.
fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(|symbol| {
        let separates = symbol == separator && !is_quoted;
        match symbol {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        separates
    });
    let parts = parts.collect();
    (!is_quoted).then_some(parts)
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

    #[test]
    fn what_a_client_put_into_quotes_is_no_hop() {
        let forwarded = |value| client(ForwardedHeader::Forwarded, "10.0.0.1", &[("forwarded", value)]);
        for (value, expected) in [
            (r#"proto=http;host="a,for=1.2.3.4;x=y";for=198.51.100.1"#, "198.51.100.1"),
            (r#"for=198.51.100.1;host="a,for=1.2.3.4""#, "198.51.100.1"),
            (r#"for=198.51.100.1;host="a;for=1.2.3.4""#, "198.51.100.1"),
            (r#"for=198.51.100.1;host="a\",for=1.2.3.4""#, "198.51.100.1"),
            (r#"for=1.2.3.4, for="198.51.100.1:80";host="b\\""#, "198.51.100.1"),
            (r#"for=198.51.100.1;host="a,for=1.2.3.4"#, "10.0.0.1"),
            (r#"for=198.51.100.1;host="a\",for=1.2.3.4"#, "10.0.0.1"),
            ("for=198.51.100.1;for=1.2.3.4", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=198.51.100.1, for=10.0.0.2", "198.51.100.1"),
        ] {
            assert_eq!(forwarded(value), expected, "{value}");
        }
    }
}
