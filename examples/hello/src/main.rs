//! The smallest whole program.
//!
//! ```console
//! $ cargo run -p hello
//! listening on http://127.0.0.1:8080
//! $ curl http://127.0.0.1:8080/v1/greetings/hello --json '["Ann"]'
//! {"status":200,"reason":"OK","data":"Hello, Ann!"}
//! $ curl http://127.0.0.1:8080/v1/greetings/hello --json '["Ann", 300]'
//! {"status":400,"reason":"Parameters are invalid","code":-32602,"data":{"errors":[{"pointer":"/1","keyword":"maximum","message":"`times` must be at most 255"}]}}
//! ```

use std::error::Error;
use std::io::Write;

use rpc_core::http::{HttpService, Server};
use rpc_core::{Api, ApiError, api_method, api_module};

api_module! {
    /// Greetings
    path = "/v1/greetings"
}

/// Say hello
#[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
async fn hello(
    /// Whom to greet.
    name: String,
    /// How often; once, when it is left out.
    times: Option<u8>,
) -> Result<String, ApiError> {
    Ok(vec![format!("Hello, {name}!"); times.unwrap_or(1).into()].join(" "))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let api = Api::builder().build()?;
    let server = Server::bind(HttpService::new(api), address.parse()?).await?;
    writeln!(std::io::stdout(), "listening on http://{}", server.local_addr()?)?;
    server.serve(std::future::pending()).await;
    Ok(())
}
