//! Whose call it is behind proxies, from the socket to the log of calls.

use rpc_core::http::{ForwardedHeader, TrustedProxies};
use serde_json::json;

use super::with_service;
use crate::support::server::Running;

/// A server that trusts the loopback, from which the tests come, and one network more.
async fn server(header: ForwardedHeader) -> Running {
    let networks = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
    with_service(|service| service.trusted_proxies(TrustedProxies::new(networks.to_vec(), header))).await
}

/// Holds each row of a table, headers and address, for what the handler sees and what is recorded.
async fn check(header: ForwardedHeader, table: &[(&[&str], &str)]) {
    let server = server(header).await;
    for (headers, client) in table {
        let answer = server.post_with("/v9/http/address", headers, "[]").await;
        assert_eq!(answer.json()["data"], json!(client), "{headers:?}");
        let recorded = server.memory.take()[0].client.unwrap();
        assert_eq!(recorded.to_string(), *client, "{headers:?}");
    }
}

#[test_waits::test]
async fn x_forwarded_for_tells_the_right_most_hop_that_is_no_proxy() {
    check(
        ForwardedHeader::XForwardedFor,
        &[
            (&[], "127.0.0.1"),
            (&["x-forwarded-for: 198.51.100.1"], "198.51.100.1"),
            (&["x-forwarded-for: 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            (&["x-forwarded-for: 1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            (&["x-forwarded-for: 1.1.1.1", "x-forwarded-for: 198.51.100.1"], "198.51.100.1"),
            (&["x-forwarded-for: 127.0.0.1, 198.51.100.1"], "198.51.100.1"),
            (&["x-forwarded-for: 10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["x-forwarded-for: 198.51.100.1:4711"], "198.51.100.1"),
            (&["x-forwarded-for: 2001:db8::5"], "2001:db8::5"),
            (&["x-forwarded-for: [2001:db8::5]:443"], "2001:db8::5"),
            (&["x-forwarded-for: ::ffff:198.51.100.1"], "198.51.100.1"),
            (&["x-forwarded-for: unknown"], "127.0.0.1"),
            (&["x-forwarded-for: 198.51.100.1, unknown"], "127.0.0.1"),
            (&["x-forwarded-for: 198.51.100.1, _hidden, 10.0.0.2"], "10.0.0.2"),
            (&["x-forwarded-for: \"198.51.100.1\""], "127.0.0.1"),
            (&["x-forwarded-for: 198.51.100.1,"], "127.0.0.1"),
            (&["forwarded: for=9.9.9.9", "x-forwarded-for: 198.51.100.1"], "198.51.100.1"),
            (&["forwarded: for=9.9.9.9"], "127.0.0.1"),
            (&["x-real-ip: 9.9.9.9"], "127.0.0.1"),
        ],
    )
    .await;
}

#[test_waits::test]
async fn forwarded_tells_the_right_most_hop_that_is_no_proxy() {
    check(
        ForwardedHeader::Forwarded,
        &[
            (&["forwarded: for=198.51.100.1"], "198.51.100.1"),
            (&["forwarded: for=1.1.1.1, for=198.51.100.1;proto=https, for=10.0.0.2"], "198.51.100.1"),
            (&["forwarded: for=1.1.1.1", "forwarded: for=198.51.100.1"], "198.51.100.1"),
            (&["forwarded: for=\"198.51.100.1:4711\""], "198.51.100.1"),
            (&["forwarded: For=\"[2001:db8::5]:443\"; host=x"], "2001:db8::5"),
            (&["forwarded: for=\"[2001:db8::5]\""], "2001:db8::5"),
            (&["forwarded: for=unknown"], "127.0.0.1"),
            (&["forwarded: for=198.51.100.1, for=unknown"], "127.0.0.1"),
            (&["forwarded: for=198.51.100.1, for=_x, for=10.0.0.2"], "10.0.0.2"),
            (&["forwarded: for=\"_x:80\""], "127.0.0.1"),
            (&["forwarded: for=198.51.100.1;host=\"a, for=9.9.9.9\""], "198.51.100.1"),
            (&["forwarded: for=198.51.100.1;host=\"a, for=9.9.9.9"], "127.0.0.1"),
            (&["x-forwarded-for: 9.9.9.9", "forwarded: for=198.51.100.1"], "198.51.100.1"),
            (&["x-forwarded-for: 9.9.9.9"], "127.0.0.1"),
        ],
    )
    .await;
}

#[test_waits::test]
async fn who_is_no_proxy_is_not_believed() {
    for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], header);
        let server = with_service(|service| service.trusted_proxies(proxies)).await;
        let spoofed = ["x-forwarded-for: 198.51.100.1", "forwarded: for=198.51.100.1"];
        let answer = server.post_with("/v9/http/address", &spoofed, "[]").await;
        assert_eq!(answer.json()["data"], json!("127.0.0.1"));
    }
}
