//! The macros of `rpc-core`, which re-exports them; depend on that crate, not on this one.
//!
//! Every macro goes the same way: `attr` reads the keys, `model` puts them together with the item, `check` compares
//! what belongs together, `expand` prints. Faults are collected in `fault::Faults` on the way and reported together, each
//! at its own place; the expansion of a model without faults cannot fail.

mod attr;
mod check;
mod docs;
mod expand;
mod fault;
mod function;
mod grammar;
mod model;

use proc_macro::TokenStream;

/// Makes a remote method of a plain async function.
///
/// ```
/// # use rpc_core::{ApiError, Ctx, State, api_method};
/// # struct App;
/// # impl State for App {}
/// # impl App { async fn enable(&self, _: &str, _: bool) -> Result<(), ApiError> { Ok(()) } }
/// /// Set user enabled
/// ///
/// /// What follows the first paragraph is the description: Markdown.
/// #[api_method(path = "/v1/admin/users/set-enabled", permissions = ["admin"])]
/// async fn set_enabled(
///     _ctx: &Ctx,
///     app: &App,
///     /// User id or name.
///     #[param(name = "userId")]
///     user_id: String,
///     enabled: bool,
/// ) -> Result<(), ApiError> {
///     app.enable(&user_id, enabled).await
/// }
/// ```
///
/// An argument taken by value comes from the caller: it is a positional parameter, and its type implements
/// `serde::Deserialize` and `schemars::JsonSchema`. An argument taken by reference comes from the application: `&Ctx`, `&S`
/// for a state `S`, `&Upload` or `Option<&Upload>`.
///
/// # Keys
///
/// | key | meaning |
/// | --- | --- |
/// | `path = "/v1/module/method"` | the method's id; required |
/// | `permissions = ["admin"]` | who may call: `*` (everybody), `guest`, `user`, `root` or names that the application declares; one of them is enough; required |
/// | `deprecated` | marked so in the documents |
/// | `private` | reached by calls from inside the process only |
/// | `session_only` | refuses API tokens |
/// | `ignores_token` | looks at no presented token; `ctx.authenticate()` does |
/// | `log = false` | observers that keep a log leave it out |
/// | `concurrency = 4` | calls that run at the same time on one node |
/// | `concurrency_per_user = 1` | the same for one caller: a user, or a guest's address |
/// | `rate = "10/min"` | calls over time for one caller: per `s`, `min`, `h` or `day` |
/// | `timeout = "30s"` | how long a call may run: in `ms`, `s` or `min`, at most an hour |
/// | `max_body = "1 MiB"` | size of a request body: in `B`, `KiB`, `MiB` or `GiB` |
/// | `upload = "10 MiB"` | size of an uploaded file |
/// | `client_event = "/typing"` | clients reach the method by sending this event, too; nobody waits for its answer |
///
/// # Parameters
///
/// `///` on a parameter is its description. `#[param(…)]` takes `name = "…"` (the public name, where it differs from the Rust
/// one), `nullable` (the documents show that `null` has a meaning) and `opaque` (the documents show an object without detail).
///
/// # What is left in the code
///
/// The function, as written, and a constant `set_enabled::ENTRY` of the type `MethodEntry`, which is also submitted to the
/// collection that `Api::builder()` reads.
#[proc_macro_attribute]
pub fn api_method(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::method::expand(attribute.into(), item.into()).into()
}

/// Gives the methods below a path a title and a description in the documents.
///
/// ```
/// # use rpc_core::api_module;
/// api_module! {
///     /// Application users management
///     ///
///     /// What follows the first paragraph is the description: Markdown.
///     path = "/v1/admin/users"
/// }
/// ```
#[proc_macro]
pub fn api_module(input: TokenStream) -> TokenStream {
    expand::module::expand(input.into()).into()
}

/// Makes a type an event from the server to connected clients: publishing a value of it picks the event.
///
/// ```
/// # use rpc_core::{Api, ApiEvent, Audience, PublishError, User};
/// /// Settings updated
/// ///
/// /// What follows the first paragraph is the description: Markdown.
/// #[derive(serde::Serialize, schemars::JsonSchema, ApiEvent)]
/// #[event(name = "/settings/updated", audience = ["admin"])]
/// struct SettingsUpdated {
///     section: String,
/// }
///
/// /// Signed out
/// #[derive(serde::Serialize, ApiEvent)]
/// #[event(name = "/session/signed-out", audience = ["self"])]
/// struct SignedOut;
///
/// async fn announce(api: &Api, user: &User) -> Result<(), PublishError> {
///     // Those who hold `admin`: the declaration names nobody else.
///     api.publish(&SettingsUpdated { section: "smtp".to_owned() }).await?;
///     // One user, whom only the call can name.
///     api.publish_to(user, &SignedOut).await
/// }
/// ```
///
/// # Keys of `#[event(…)]`
///
/// | key | meaning |
/// | --- | --- |
/// | `name = "/settings/updated"` | the event's name: segments in kebab-case, without a version; required |
/// | `audience = ["admin"]` | who may hear it: `*` (everybody), `guest`, `user`, `root`, `self` (one user, named when it is published) or permissions that the application declares; required |
///
/// The value is the payload; a type without fields, `struct SignedOut;`, carries none. A payload whose type is another
/// crate's, or that several events share, is wrapped: `struct News(String);` is sent as the text alone.
///
/// `publish` takes events that one audience may hear, and goes to it. Where the declaration names several, or `self`,
/// `publish_to` names the one that is meant; one that is not declared is refused.
#[proc_macro_derive(ApiEvent, attributes(event))]
pub fn derive_api_event(input: TokenStream) -> TokenStream {
    expand::event::derive(input.into()).into()
}

/// Declares an event by its name, for programs that choose at run time what they publish; where the event is known when the
/// program is written, `#[derive(ApiEvent)]` lets the compiler check it.
///
/// ```
/// # use rpc_core::{Api, Audience, PublishError, api_event};
/// api_event! {
///     /// Machine started
///     name = "/machine/started", audience = ["operator"], payload = String
/// }
///
/// api_event! {
///     /// Machine stopped
///     name = "/machine/stopped", audience = ["operator"], payload = String
/// }
///
/// async fn tell(api: &Api, change: &str, machine: &str) -> Result<(), PublishError> {
///     api.publish_by_name(Audience::Permission("operator".into()), &format!("/machine/{change}"), machine).await
/// }
/// ```
///
/// # Keys
///
/// `name` and `audience` as `#[derive(ApiEvent)]` has them, and:
///
/// | key | meaning |
/// | --- | --- |
/// | `payload = SettingsUpdated` | the type of what it carries, which implements `schemars::JsonSchema`; an event without one carries nothing |
#[proc_macro]
pub fn api_event(input: TokenStream) -> TokenStream {
    expand::event::expand(input.into()).into()
}

/// Declares what the rows of a list can be found and sorted by.
///
/// ```
/// # use rpc_core::{ReadFields, read::{Condition, Sortable}};
/// #[derive(ReadFields)]
/// #[read(default_limit = 50, max_limit = 200)]
/// struct UserFields {
///     #[read("=", sortable)]
///     id: Option<Condition<String>>,
///     #[read("like")]
///     search: Option<Condition<String>>,
///     #[read(sortable, rename = "created_at")]
///     created: Sortable,
/// }
/// ```
///
/// A field with operators (`"="`, `"like"`) has the type `Option<Condition<T>>`, or `Condition<T>` when a caller who gives
/// conditions must give that one; a field that rows are only sorted by has the type `Sortable`. On the struct,
/// `#[read(default_limit = …, max_limit = …)]` sets the rows of a page, from 1 to 1000; both are 100 otherwise.
///
/// For `UserFields` with sortable fields the derive also makes the enum `UserFieldsSort`, with a variant for each of them.
#[proc_macro_derive(ReadFields, attributes(read))]
pub fn read_fields(input: TokenStream) -> TokenStream {
    expand::read::expand(input.into()).into()
}
