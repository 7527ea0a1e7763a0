//! The methods, one module a file.

mod admin;
mod api_tokens;
mod errors;
mod list;
mod profile;
mod rows;
mod session;
mod test;

use rpc_auth::TokenFormat;
use rpc_core::Api;

use crate::app::{App, AppError, AppOptions};

/// What the tokens of the application begin with.
pub(crate) const TOKENS: &str = "app";

/// Every method of the binary over an application that holds nothing: for documents.
pub(crate) fn build() -> Result<Api, AppError> {
    let runtime = tokio::runtime::Runtime::new().map_err(AppError::Runtime)?;
    let tokens = TokenFormat::new(TOKENS).expect("a test holds it to the form");
    let app = runtime.block_on(App::in_memory(AppOptions::new(TOKENS, tokens)))?;
    Ok(app.api()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_method_has_a_place() {
        assert_eq!(super::build().unwrap().methods().len(), 35);
    }
}
