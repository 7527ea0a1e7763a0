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

/// What tokens begin with when nothing else is said.
const TOKENS: &str = "app";

/// The options of the application as it is.
pub(crate) fn options() -> AppOptions {
    let tokens = TokenFormat::new(TOKENS).expect("a test holds it to the form");
    AppOptions::new(TOKENS, tokens)
}

/// Every method of the binary over an application that holds nothing: for documents.
pub(crate) fn build() -> Result<Api, AppError> {
    let runtime = tokio::runtime::Runtime::new().map_err(AppError::Runtime)?;
    let app = runtime.block_on(App::in_memory(options()))?;
    Ok(app.api()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_method_has_a_place() {
        assert_eq!(super::build().unwrap().methods().len(), 32);
    }
}
