//! The networks that an address belongs to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How wide the networks are that take turns, in bits of their prefix, the widest first: what a provider has, what a site
/// has, what a customer has.
const IPV4: [u32; 3] = [16, 24, 32];
const IPV6: [u32; 3] = [32, 48, 64];

/// The networks around an address, the widest first. All who have no address are one.
pub(super) fn networks(client: Option<IpAddr>) -> [Option<IpAddr>; 3] {
    let Some(client) = client else { return [None; 3] };
    match client.to_canonical() {
        IpAddr::V4(address) => {
            IPV4.map(|bits| Some(Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - bits))).into()))
        }
        IpAddr::V6(address) => {
            IPV6.map(|bits| Some(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits))).into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::networks;

    #[test]
    fn the_widest_network_comes_first() {
        for (address, expected) in [
            ("198.51.100.7", ["198.51.0.0", "198.51.100.0", "198.51.100.7"]),
            ("::ffff:198.51.100.7", ["198.51.0.0", "198.51.100.0", "198.51.100.7"]),
            ("2001:db8:1:2:3:4:5:6", ["2001:db8::", "2001:db8:1::", "2001:db8:1:2::"]),
        ] {
            let expected = expected.map(|network| Some(network.parse().unwrap()));
            assert_eq!(networks(Some(address.parse().unwrap())), expected, "{address}");
        }
        assert_eq!(networks(None), [None; 3]);
    }
}
