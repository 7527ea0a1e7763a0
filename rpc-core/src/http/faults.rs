//! What can be wrong with a service, each fault with what to do about it: its base path, the path of its RPC endpoint, and the
//! origins that it allows.

use thiserror::Error;

use super::pages;
use super::service::HttpService;

/// The longest path of an option, in bytes.
const LONGEST: usize = 256;

/// What is wrong with an [`HttpService`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServiceFault {
    /// The prefix is a path that no request can have.
    #[error("the prefix \"{0}\" is no path of at most 256 bytes, such as /api: / before each segment, none at the end")]
    BadPrefix(String),
    /// The base path is a path that no request can have.
    #[error(
        "the base path \"{0}\" is no path of at most 256 bytes, such as /shop: / before each segment, none at the end"
    )]
    BadBasePath(String),
    /// An allowed origin is one that no web page has, or all of them.
    #[error("\"{origin}\" is no origin of web pages, such as https://app.example.com: {reason}")]
    BadOrigin {
        /// What was given.
        origin: String,
        /// What is wrong with it.
        reason: &'static str,
    },
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
        let shared = self.shared();
        let mut faults = Vec::new();
        if !shared.base_path.is_empty() && !is_path(&shared.base_path) {
            faults.push(ServiceFault::BadBasePath(shared.base_path.to_string()));
        }
        faults.extend(self.prefix_faults());
        let origins = shared.origins.faults();
        faults.extend(origins.map(|(origin, reason)| ServiceFault::BadOrigin { origin: origin.to_owned(), reason }));
        faults
    }

    fn prefix_faults(&self) -> Vec<ServiceFault> {
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
