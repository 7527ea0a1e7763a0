//! The whole reference for people who write clients, in Markdown: methods, types, errors, events, with calls to try.

mod errors;
mod events;
mod example;
mod method;
mod rules;
mod types;

use std::collections::HashMap;
use std::fmt::Write;

use self::types::{Direction, Types};
use super::blocks::{Anchors, blocks};
use crate::Api;
use crate::method::Method;

/// Where the calls in a [`reference()`] go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReferenceOptions {
    /// The URL of the server, without a slash at the end; `https://api.example.com` by default.
    pub url: String,
    /// The path of the RPC endpoint; `/api` by default.
    pub rpc_path: String,
}

impl Default for ReferenceOptions {
    fn default() -> Self {
        Self { url: "https://api.example.com".to_owned(), rpc_path: "/api".to_owned() }
    }
}

impl ReferenceOptions {
    /// The same with another URL of the server. A slash at its end is left out.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        url.trim_end_matches('/').clone_into(&mut self.url);
        self
    }
}

/// Writes the whole reference of an API, without its private methods.
///
/// ```standalone_crate
/// use rpc_core::docs::{ReferenceOptions, reference};
/// use rpc_core::{Api, ApiError, api_method, api_module};
///
/// api_module! {
///     /// Greetings
///     path = "/v1/greetings"
/// }
///
/// /// Say hello
/// #[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
/// async fn hello(name: String) -> Result<String, ApiError> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// # fn main() -> Result<(), rpc_core::BuildError> {
/// let api = Api::builder().only("/v1/greetings/*").build()?;
/// let text = reference(&api, &ReferenceOptions::default().url("https://shop.example"));
/// assert!(text.contains("curl https://shop.example/v1/greetings/hello"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn reference(api: &Api, options: &ReferenceOptions) -> String {
    let methods: Vec<&Method> = api.methods().filter(|method| !method.is_private()).collect();
    let mut anchors = Anchors::default();
    for part in ["calls", "errors", "events", "types"] {
        anchors.add(part);
    }
    let named = methods.iter().map(|method| (method.path(), anchors.add(method.path())));
    let named: HashMap<_, _> = named.collect();
    let events: Vec<_> = api.events().map(|event| (event, anchors.add(&format!("event{}", event.name())))).collect();
    let types = Types::new(api, &methods);
    let mut contents = "-   [Calls](#calls)\n-   [Errors](#errors)\n".to_owned();
    let mut modules = Vec::new();
    for (module, of_module) in api.modules() {
        let of_module: Vec<&Method> = of_module.filter(|method| !method.is_private()).collect();
        if of_module.is_empty() {
            continue;
        }
        let _ = writeln!(contents, "-   {}", module.title());
        modules.push(format!("## {}", module.title()));
        modules.push(module.description().to_owned());
        for described in of_module {
            let anchor = &named[described.path()];
            let _ = writeln!(contents, "    -   [{}](#{anchor})", described.title());
            modules.push(method::section(api, described, anchor, options, &types));
        }
    }
    if !events.is_empty() {
        contents.push_str("-   [Events](#events)\n");
    }
    let events = events::section(api, &events, &types);
    let types = types.section();
    if !types.is_empty() {
        contents.push_str("-   [Types](#types)\n");
    }
    let head = ["# API reference".to_owned(), contents.trim_end().to_owned(), calls(options), errors::section()];
    blocks(head.into_iter().chain(modules).chain([events, types])) + "\n"
}

/// What all calls have in common.
fn calls(options: &ReferenceOptions) -> String {
    let ReferenceOptions { url, rpc_path } = options;
    format!(
        "## Calls\n\n\
         A method is called with a `POST` of its parameters to its path at `{url}`: an array in their order. Parameters at the \
         end may be left out where they are optional, and `null` for an optional one means the same.\n\n\
         JSON-RPC 2.0 requests go to `{url}{rpc_path}`, by HTTP or WebSocket; there parameters may have names. \
         `Content-Type` chooses JSON (`application/json`) or MessagePack (`application/msgpack`).\n\n\
         A token of a session or an API token goes into the header `Authorization: Bearer <token>`. \
         The answer holds `status`, `reason`, and the result in `data`."
    )
}

/// Anchors of parts of one kind, and what they belong to.
fn type_anchor(direction: Direction, name: &str) -> String {
    let prefix = match direction {
        Direction::Sent => "sent",
        Direction::Received => "type",
    };
    let name: String = name.chars().map(|char| if char.is_alphanumeric() { char } else { '-' }).collect();
    format!("{prefix}-{name}")
}
