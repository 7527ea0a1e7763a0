//! The paths that are not methods: `/`, `/healthz`, `/readyz`.

use http::header::{ACCEPT, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::json;

use super::respond::{self, ResponseBody};
use super::service::Shared;
use crate::call::RequestId;
use crate::codec::Codec;

/// Their paths.
pub(super) const PATHS: [&str; 3] = ["/", "/healthz", "/readyz"];

/// Those that tell how the server is. They are at the root too, where others are below a base path.
pub(super) const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// Whether a path is that of a page.
pub(super) fn is_one(shared: &Shared, path: &str) -> bool {
    if ["", "/"].contains(&path) { shared.has_welcome } else { PATHS.contains(&path) }
}

/// Answers a page, if the path is one.
pub(super) async fn answer(
    shared: &Shared,
    path: &str,
    headers: &HeaderMap,
    id: RequestId,
) -> Option<Response<ResponseBody>> {
    let (status, text) = match path {
        "/" | "" if shared.has_welcome => return Some(welcome(shared, headers, id)),
        "/healthz" => (StatusCode::OK, "ok"),
        "/readyz" if shared.api.is_stopping() => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        "/readyz" if shared.is_ready().await => (StatusCode::OK, "ready"),
        "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
        _ => return None,
    };
    let body = json!({"status": status.as_u16(), "reason": text, "data": null}).to_string().into_bytes();
    Some(respond::body(status.as_u16(), Codec::Json, body, id))
}

/// Says what this is and where to go, to people in HTML and to programs in JSON.
fn welcome(shared: &Shared, headers: &HeaderMap, id: RequestId) -> Response<ResponseBody> {
    let methods = shared.api.methods().filter(|method| !method.is_private()).count();
    let (name, base) = (&shared.name, &shared.base_path);
    let wants_html =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    if !wants_html {
        let data = json!({"name": name, "methods": methods, "health": format!("{base}/healthz"), "readiness": format!("{base}/readyz")});
        let body = json!({"status": 200, "reason": "OK", "data": data}).to_string().into_bytes();
        return respond::body(200, Codec::Json, body, id);
    }
    let name = escape(name);
    let list: String = shared
        .api
        .methods()
        .filter(|method| !method.is_private())
        .map(|method| format!("<li><code>{base}{}</code> {}</li>\n", escape(method.path()), escape(method.title())))
        .collect();
    let page = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{name}</title>\n<h1>{name}</h1>\n\
         <p>An API of {methods} methods. Call one with <code>POST</code> and a JSON array of its parameters.</p>\n\
         <ul>\n{list}</ul>\n"
    );
    let mut response = respond::page(page, id);
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // For browsers that do not know `frame-ancestors`.
    response.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
