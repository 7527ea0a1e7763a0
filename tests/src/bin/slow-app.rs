//! The reference application with methods more, for tests: of what is in flight, and of what goes wrong.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use rpc_core::{ApiError, api_method, api_module};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

api_module! {
    /// Slow calls
    path = "/v1/slow"
}

/// Connect to an address, and wait until the other end closes
#[api_method(path = "/v1/slow/wait", permissions = ["*"])]
async fn wait(address: SocketAddr) -> Result<&'static str, ApiError> {
    let closed: io::Result<()> = async {
        let mut peer = TcpStream::connect(address).await?;
        while peer.read(&mut [0; 64]).await? > 0 {}
        Ok(())
    }
    .await;
    closed.map(|()| "closed").map_err(ApiError::internal)
}

/// Panic
#[api_method(path = "/v1/slow/panic", permissions = ["*"])]
#[expect(clippy::panic, reason = "that is what it is for")]
async fn panic() -> Result<(), ApiError> {
    panic!("it is meant to");
}

fn main() -> ExitCode {
    app_template::run()
}
