//! The address of a server becomes that of its RPC endpoint.

use ::http::Uri;

use super::error::ClientError;

/// The endpoint where a URL has no path.
const PREFIX: &str = "/api";

/// Reads a URL with the one scheme that is spoken: `http`, or `ws`. A path names the endpoint itself.
pub(super) fn endpoint(url: &str, scheme: &'static str) -> Result<Uri, ClientError> {
    let refuse = |expected: &'static str| ClientError::Address { address: shown(url), expected };
    let uri: Uri = url.parse().map_err(|_| refuse("a URL is expected, such as http://127.0.0.1:8080"))?;
    let (Some(given), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refuse("a scheme and a host are expected"));
    };
    if given != scheme {
        return Err(refuse(match scheme {
            "http" => "the scheme is `http`; TLS is for a proxy to speak",
            _ => "the scheme is `ws`; TLS is for a proxy to speak",
        }));
    }
    if authority.as_str().contains('@') || uri.query().is_some() {
        return Err(refuse("neither credentials nor a query belong into it"));
    }
    let path = match uri.path() {
        "" | "/" => PREFIX,
        path => path,
    };
    let whole = Uri::builder().scheme(scheme).authority(authority.clone()).path_and_query(path).build();
    whole.map_err(|_| refuse("a URL is expected"))
}

/// A URL as errors show it: without what may be a secret.
fn shown(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn a_path_names_the_endpoint_and_none_means_the_usual_one() {
        for (url, whole) in [
            ("http://localhost:80", "http://localhost:80/api"),
            ("http://[::1]:8080/", "http://[::1]:8080/api"),
            ("http://h/rpc", "http://h/rpc"),
        ] {
            assert_eq!(endpoint(url, "http").unwrap().to_string(), whole);
        }
    }

    #[test]
    fn errors_tell_no_secret() {
        for url in ["", "localhost:80", "https://h", "/api", "ws://h", "http://a:secret@h", "http://h?t=secret", "::"] {
            let error = endpoint(url, "http").unwrap_err().to_string();
            assert!(error.contains("is no address") && !error.contains("secret"), "{error}");
        }
    }
}
