//! Options with several values.

use std::net::IpAddr;

use rpc_core::http::IpNet;

use super::{OptionValue, PublicUrl};

/// The web pages that may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins(pub(crate) Vec<PublicUrl>);

impl OptionValue for Origins {
    const KIND: &'static str = "list";
    const EXPECTED: &'static str = "origins, such as https://app.example.com";
    const IS_LIST: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let origin = |text: &str| PublicUrl::parse(text).filter(PublicUrl::is_origin);
        items(text).map(origin).collect::<Option<_>>().map(Self)
    }
}

/// Networks, one address among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Networks(pub(crate) Vec<IpNet>);

impl OptionValue for Networks {
    const KIND: &'static str = "list";
    const EXPECTED: &'static str = "addresses or networks, such as 10.0.0.0/8";
    const IS_LIST: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let network = |text: &str| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        items(text).map(network).collect::<Option<_>>().map(Self)
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Networks, OptionValue, Origins};

    #[test]
    fn lists_are_separated_by_commas() {
        let origins = Origins::parse("https://a.example, http://localhost:3000,").unwrap();
        assert_eq!(
            origins.0.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["https://a.example/", "http://localhost:3000/"]
        );
        let networks = Networks::parse("10.0.0.0/8,::1").unwrap();
        assert_eq!(networks.0.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
        assert_eq!((Origins::parse(""), Networks::parse("")), (Some(Origins::default()), Some(Networks::default())));
    }

    #[test]
    fn one_bad_item_spoils_a_list() {
        assert_eq!(Origins::parse("https://a.example,b.example"), None);
        assert_eq!(Origins::parse("https://a.example/app"), None);
        assert_eq!(Networks::parse("10.0.0.0/33"), None);
    }
}
