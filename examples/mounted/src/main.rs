//! An API inside an axum router, beside routes of one's own.
//!
//! ```console
//! $ cargo run -p mounted
//! listening on http://127.0.0.1:8080
//! $ curl http://127.0.0.1:8080/about
//! A page of the router.
//! $ curl http://127.0.0.1:8080/v1/callers/address --json '[]'
//! {"status":200,"reason":"OK","data":"127.0.0.1"}
//! $ curl http://127.0.0.1:8080/backend/v1/callers/address --json '[]'
//! {"status":200,"reason":"OK","data":"127.0.0.1"}
//! ```

use std::error::Error;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::routing::get;
use rpc_core::http::HttpService;
use rpc_core::{Api, ApiError, Ctx, api_method, api_module};
use tokio::net::TcpListener;
use tower_service::Service;

api_module! {
    /// Callers
    path = "/v1/callers"
}

/// Address of the caller
#[api_method(path = "/v1/callers/address", permissions = ["*"])]
async fn address(ctx: &Ctx) -> Result<Option<IpAddr>, ApiError> {
    Ok(ctx.client())
}

/// A router that serves the API. It says where each request comes from, since limits for guests count by address.
fn calls(service: HttpService) -> Router {
    Router::new().fallback(async move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| {
        service.peer(peer.ip()).call(request).await
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let service = HttpService::new(Api::builder().build()?);
    let router = Router::new()
        .route("/about", get(async || "A page of the router.\n"))
        .nest("/backend", calls(service.clone()))
        .fallback_service(calls(service));
    let listener = TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
