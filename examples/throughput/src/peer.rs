//! The peer: the same two jobs with axum, serde and garde, as lean as they can be written.
//!
//! It has no credentials, no permissions, no limits and no record of its calls, so the comparison is the hard one for us.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use garde::Validate;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct NewUser {
    #[garde(length(chars, min = 3, max = 32))]
    username: String,
    #[garde(skip)]
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    password: Option<String>,
    #[garde(skip)]
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    enabled: Option<bool>,
    #[garde(skip)]
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    permissions: Option<BTreeMap<String, bool>>,
    #[garde(email)]
    email: Option<String>,
    #[garde(skip)]
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    telegram_name: Option<String>,
}

#[derive(Serialize)]
struct CreatedUser {
    id: u64,
    name: String,
}

#[derive(Serialize)]
struct Envelope<T> {
    status: u16,
    reason: &'static str,
    data: T,
}

/// Serves until `shutdown` is ready.
///
/// # Errors
///
/// The listener fails.
pub async fn serve(listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let router = Router::new()
        .route("/v1/test/test", post(test))
        .route("/v1/users/create", post(create))
        .with_state(Arc::new(AtomicU64::new(1)));
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    tokio::select! {
        ended = axum::serve(listener, router) => ended,
        () = shutdown => Ok(()),
    }
}

async fn test(Json((text,)): Json<(String,)>) -> Json<Envelope<String>> {
    ok(text)
}

async fn create(State(ids): State<Arc<AtomicU64>>, Json((user,)): Json<(NewUser,)>) -> Response {
    if let Err(report) = user.validate() {
        let refusal = Envelope { status: 400, reason: "Parameters are invalid", data: report.to_string() };
        return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
    }
    ok(CreatedUser { id: ids.fetch_add(1, Ordering::Relaxed), name: user.username }).into_response()
}

fn ok<T>(data: T) -> Json<Envelope<T>> {
    Json(Envelope { status: 200, reason: "OK", data })
}
