//! How strangers are counted: by their network.

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
    with_prefix(client, 64)
}

/// The most that one customer gets for the asking: an IPv4 address, or 48 bits of IPv6 (RFC 6177, section 2), which hold 65,536
/// [networks](network). What is shared fairly among strangers is shared among sites.
///
/// # Examples
///
/// ```
/// use rpc_core::site;
///
/// assert_eq!(site("2001:db8:0:1::1".parse()?), site("2001:db8:0:ffff::1".parse()?));
/// assert_ne!(site("2001:db8::1".parse()?), site("2001:db8:1::1".parse()?));
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn site(client: IpAddr) -> IpAddr {
    with_prefix(client, 48)
}

/// The first bits of an IPv6 address; IPv4 addresses stay whole.
fn with_prefix(client: IpAddr, bits: u32) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let rest = Ipv6Addr::BITS - bits;
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> rest << rest))
        }
    }
}
