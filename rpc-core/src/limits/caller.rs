//! Whom the limits of one caller count.

use std::net::IpAddr;

use super::network::{network, site};
use crate::identity::Identity;

/// Whom per-caller limits count: a user, or a guest's address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CallerKey {
    /// A user, whatever their credentials.
    User(Box<str>),
    /// A guest; IPv6 addresses by their /64, which is what one customer holds (RFC 6177).
    Address(IpAddr),
    /// All guests of one /48 of IPv6 together.
    Site(IpAddr),
    /// A guest inside the process.
    Unknown,
}

impl CallerKey {
    pub(crate) fn new(identity: &Identity, address: Option<IpAddr>) -> Self {
        match (identity.user(), address) {
            (Some(user), _) => Self::User(user.id.clone()),
            (None, Some(address)) => Self::Address(network(address)),
            (None, None) => Self::Unknown,
        }
    }

    /// The site that a guest's network is one of many of.
    pub(crate) fn site(&self) -> Option<Self> {
        match self {
            Self::Address(address) if address.is_ipv6() => Some(Self::Site(site(*address))),
            _ => None,
        }
    }
}
