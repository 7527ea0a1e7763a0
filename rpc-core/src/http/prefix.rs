//! The path of the RPC endpoint: one that requests can have, and that hides nothing else.

use thiserror::Error;

use super::pages;
use super::service::HttpService;

/// The longest prefix, in bytes.
const LONGEST: usize = 256;

/// What is wrong with an [`HttpService`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServiceFault {
    /// The prefix is a path that no request can have.
    #[error("the prefix \"{0}\" is no path of at most 256 bytes, such as /api: / before each segment, none at the end")]
    BadPrefix(String),
    /// The prefix hides a page.
    #[error("the prefix \"{prefix}\" hides the page {page}")]
    HidesPage {
        /// Where JSON-RPC and WebSocket are served.
        prefix: String,
        /// The path of the page.
        page: &'static str,
    },
    /// The prefix hides a method: only JSON-RPC would reach it, or nothing.
    #[error("the prefix \"{prefix}\" hides the method {method}")]
    HidesMethod {
        /// Where JSON-RPC and WebSocket are served.
        prefix: String,
        /// The path of the method.
        method: &'static str,
    },
}

impl HttpService {
    /// Everything that is wrong with the service; empty when nothing is. [`Server::bind`](super::Server::bind) asks; who mounts
    /// the service elsewhere does well to ask too.
    #[must_use]
    pub fn faults(&self) -> Vec<ServiceFault> {
        let prefix = &*self.shared().rpc_prefix;
        if !is_path(prefix) {
            return vec![ServiceFault::BadPrefix(prefix.to_owned())];
        }
        let is_hidden =
            |path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let pages = pages::PATHS.into_iter().filter(|page| is_hidden(page));
        let methods = self.api().methods().map(|method| method.path()).filter(|method| is_hidden(method));
        let pages = pages.map(|page| ServiceFault::HidesPage { prefix: prefix.to_owned(), page });
        pages.chain(methods.map(|method| ServiceFault::HidesMethod { prefix: prefix.to_owned(), method })).collect()
    }
}

/// Whether a path is in the form that those of requests are brought into: `/a/b`.
fn is_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        let is_word = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
        is_word && !["", ".", ".."].contains(&segment)
    };
    path.len() <= LONGEST && path.strip_prefix('/').is_some_and(|segments| segments.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::is_path;

    #[test]
    fn a_prefix_is_a_path_that_requests_can_have() {
        for path in ["/api", "/a/b-2", "/.well-known/rpc"] {
            assert!(is_path(path), "{path}");
        }
        let long = format!("/{}", "x".repeat(256));
        for path in ["", "/", "api", "/api/", "//api", "/a//b", "/../a", "/./a", "/a b", "/a%20b", "/a?b", "/ä", &long]
        {
            assert!(!is_path(path), "{path}");
        }
    }
}
