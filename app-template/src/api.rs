//! The methods, one module a file.

mod admin;
mod api_tokens;
mod errors;
mod list;
mod profile;
mod rows;
mod session;
mod test;

use rpc_core::{Api, BuildError, TracingObserver};

use crate::app::ADMIN;

/// What the binary serves: the module `test`. [`App`](crate::App) has all methods, for programs that put it together.
pub(crate) fn build() -> Result<Api, BuildError> {
    Api::builder().only("/v1/test/**").permission(ADMIN).observer(TracingObserver).build()
}
