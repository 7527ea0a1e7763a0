//! The states that an application gives its methods.

/// A type of the application that methods may take by reference, given to [`ApiBuilder::state`](crate::ApiBuilder::state).
///
/// ```
/// struct App { greeting: String }
/// impl rpc_core::State for App {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be injected into an API method",
    label = "not a state of the application",
    note = "an argument taken by reference is `&Ctx`, `&Upload` or a state: `impl rpc_core::State for {Self} {{}}` and `Api::builder().state(…)`",
    note = "a value that the caller sends is taken by value: `{Self}`"
)]
pub trait State: Send + Sync + 'static {}
