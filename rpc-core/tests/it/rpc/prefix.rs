//! Where the RPC endpoint may be.

use rpc_core::http::{HttpService, Server, ServiceFault};

use super::builder;

fn service(prefix: &str) -> HttpService {
    HttpService::new(builder().build().unwrap()).rpc_prefix(prefix)
}

#[test_waits::test]
async fn a_prefix_that_hides_pages_or_methods_is_not_served() {
    for (prefix, page) in [("/healthz", "/healthz"), ("/readyz/", "/readyz")] {
        let expected = ServiceFault::HidesPage { prefix: page.to_owned(), page };
        assert_eq!(service(prefix).faults(), [expected]);
    }
    let one = ServiceFault::HidesMethod { prefix: "/v9/rpc/echo".to_owned(), method: "/v9/rpc/echo" };
    assert_eq!(service("/v9/rpc/echo").faults(), [one]);
    let all = service("/v9").faults();
    assert_eq!(all.len(), builder().build().unwrap().methods().len());
    let error = Server::bind(service("/v9/rpc"), "127.0.0.1:0".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string().matches("the prefix \"/v9/rpc\" hides the method /v9/rpc/").count(), all.len());
}

#[test_waits::test]
async fn a_prefix_that_no_path_has_is_not_served() {
    for prefix in ["", "/", "rpc", "/a//b", "/a b", "/a%20b", "/../a", "/ä"] {
        let expected = ServiceFault::BadPrefix(prefix.to_owned());
        let error = Server::bind(service(prefix), "127.0.0.1:0".parse().unwrap()).await.unwrap_err();
        assert_eq!(error.to_string(), expected.to_string());
        assert_eq!(service(prefix).faults(), [expected]);
    }
    for prefix in ["/api", "/api/", "/v9/rp", "/v", "/healthz2", "/v9/rpc/echo-2", "/a/b"] {
        assert_eq!(service(prefix).faults(), [], "{prefix}");
    }
}
