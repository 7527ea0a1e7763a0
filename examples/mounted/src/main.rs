//! An API beside other services on one server: an axum router around it, and one behind it.
//!
//! ```console
//! $ cargo run -p mounted
//! listening on http://127.0.0.1:8080
//! $ curl http://127.0.0.1:8080/about
//! A page of the router around the API.
//! $ curl http://127.0.0.1:8080/v1/callers/address --json '[]'
//! {"status":200,"reason":"OK","data":"127.0.0.1"}
//! $ curl http://127.0.0.1:8080/backend/v1/callers/address --json '[]'
//! {"status":200,"reason":"OK","data":"127.0.0.1"}
//! $ curl http://127.0.0.1:8080/files/readme
//! A file of the router behind the API.
//! ```

use std::error::Error;
use std::io::Write;
use std::net::IpAddr;

use axum::Router;
use axum::routing::get;
use rpc_core::http::{HttpService, Server};
use rpc_core::{Api, ApiError, Ctx, api_method, api_module};

api_module! {
    /// Callers
    path = "/v1/callers"
}

/// Address of the caller
#[api_method(path = "/v1/callers/address", permissions = ["*"])]
async fn address(ctx: &Ctx) -> Result<Option<IpAddr>, ApiError> {
    Ok(ctx.client())
}

/// What is behind the API gets every request that is not for it.
fn behind() -> Router {
    Router::new().route("/files/readme", get(async || "A file of the router behind the API.\n"))
}

/// What is around the API gets every request first, and the API knows its client nevertheless.
fn around(api: HttpService) -> Router {
    Router::new()
        .route("/about", get(async || "A page of the router around the API.\n"))
        .nest_service("/backend", api.clone())
        .fallback_service(api)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let service = HttpService::new(Api::builder().build()?).fallback(behind());
    let server = Server::bind(service, address.parse()?).await?.layer(around);
    writeln!(std::io::stdout(), "listening on http://{}", server.local_addr()?)?;
    server.serve(std::future::pending()).await;
    Ok(())
}
