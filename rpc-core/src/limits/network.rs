//! Whom strangers count as.

use std::net::{IpAddr, Ipv6Addr};

/// What one customer of an Internet provider has: an IPv4 address, or 64 bits of IPv6 (RFC 6177). Limits of strangers count by
/// it, since whoever has a network has all of its addresses.
///
/// An IPv4 address that is written as IPv6 is one of IPv4.
///
/// # Examples
///
/// ```
/// use rpc_core::network;
///
/// assert_eq!(network("2001:db8:0:1:ffff::7".parse()?), network("2001:db8:0:1::1".parse()?));
/// assert_eq!(network("::ffff:192.0.2.1".parse()?).to_string(), "192.0.2.1");
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}
