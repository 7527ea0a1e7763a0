//! How the application speaks with mail servers.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::OptionValue;

/// Bytes of a domain, and of one of its labels (RFC 1035, section 2.3.4).
const LONGEST_DOMAIN: usize = 253;
const LONGEST_LABEL: usize = 63;

/// What the application calls itself: a domain, or an address in brackets (RFC 5321, section 4.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EhloName(pub(crate) String);

impl OptionValue for EhloName {
    const KIND: &'static str = "name";
    const EXPECTED: &'static str = "a domain, such as app.example.com, or an address in brackets, such as [192.0.2.1]";

    fn parse(text: &str) -> Option<Self> {
        let is_name = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(literal) => is_address(literal),
            None => text.len() <= LONGEST_DOMAIN && text.split('.').all(is_label),
        };
        is_name.then(|| Self(text.to_owned()))
    }
}

fn is_address(literal: &str) -> bool {
    match literal.strip_prefix("IPv6:") {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => literal.parse::<Ipv4Addr>().is_ok(),
    }
}

fn is_label(label: &str) -> bool {
    let is_allowed = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (1..=LONGEST_LABEL).contains(&label.len()) && is_allowed && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::{EhloName, OptionValue};

    #[test]
    fn an_ehlo_name_is_a_domain_or_an_address_in_brackets() {
        let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
        for (text, is_good) in [
            ("app.example.com", true),
            ("localhost", true),
            ("xn--mller-kva.example", true),
            (long.as_str(), true),
            ("[192.0.2.1]", true),
            ("[IPv6:2001:db8::1]", true),
            ("", false),
            ("müller.example", false),
            ("app.example.com.", false),
            ("-app.example.com", false),
            ("app example", false),
            ("app\r\nMAIL FROM:<x@y.example>", false),
            ("[2001:db8::1]", false),
            ("[192.0.2]", false),
            (&format!("{long}e"), false),
            (&"a".repeat(64), false),
        ] {
            assert_eq!(EhloName::parse(text).is_some(), is_good, "{text}");
        }
    }
}
