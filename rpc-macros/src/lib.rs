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
/// # use rpc_core::{ApiError, Ctx, api_method};
/// # struct App;
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
/// `serde::Deserialize` and `schemars::JsonSchema`. An argument taken by reference comes from the application: `&Ctx`, `&Upload`,
/// `Option<&Upload>`, or a state of any other type: `&App`, `&dyn Clock`, `&Arc<Pool>`.
///
/// # Keys
///
/// | key | meaning |
/// | --- | --- |
/// | `path = "/v1/module/method"` | the method's id; required |
/// | `permissions = ["admin"]` | who may call: `*` (everybody, guests too), `guest` (only who has no account), `user` (any account), `root` or names that the application declares; one of them is enough; required |
/// | `deprecated` | marked so in the documents |
/// | `private` | reached by calls from inside the process only |
/// | `session_only` | refuses API tokens |
/// | `ignores_token` | looks at no presented token; `ctx.authenticate()` does |
/// | `read_only` | changes nothing, so that it may be called at any time and again; GET names its parameters: `?limit=5&search=blue` |
/// | `idempotent` | may be called again with the same parameters: the second call changes nothing more |
/// | `destructive` | takes something away that no other call brings back |
/// | `log = false` | observers that keep a log leave it out |
/// | `concurrency = 4` | calls that run at the same time on one node |
/// | `concurrency_per_user = 1` | the same for one caller: a user, or a guest's address |
/// | `rate = "10/min"` | calls over time for one caller: per `s`, `min`, `h` or `day` |
/// | `timeout = "30s"` | how long a call may run: in `ms`, `s` or `min`, at most an hour |
/// | `max_body = "1 MiB"` | size of a request body: in `B`, `KiB`, `MiB` or `GiB` |
/// | `upload = "10 MiB"` | size of an uploaded file |
/// | `client_event = "/typing"` | clients reach the method by sending this event, too; nobody waits for its answer |
///
/// A path and a name may also be a constant, of the type `&'static str`: `path = ORDERS_CREATE`, `permissions = [CLERK, "admin"]`.
/// The compiler refuses a constant that holds no path or no name.
///
/// # Parameters
///
/// `///` on a parameter is its description. `#[param(…)]` takes `name = "…"` (the public name, where it differs from the Rust
/// one), `nullable` (the documents show that `null` has a meaning), `opaque` (the documents show an object without detail), and:
///
/// | key | meaning |
/// | --- | --- |
/// | `minimum = 1`, `maximum = 100` | bounds of a number; `exclusive_minimum`, `exclusive_maximum` leave the bound itself out |
/// | `multiple_of = 5` | what a number is a multiple of |
/// | `min_length = 1`, `max_length = 100` | bounds of the length of a text, in characters |
/// | `pattern = "^[a-z]+$"` | a regular expression that is found in a text |
/// | `format = "email"` | a format of JSON Schema that a text has |
/// | `min_items = 1`, `max_items = 100`, `unique_items` | bounds of the items of a list; no item twice |
/// | `default = 20` | what an absent parameter, or `null`, means: a JSON value, in which constants may stand |
/// | `example = 20`, `examples = [20, 50]` | values for the documents |
///
/// ```
/// # use rpc_core::{ApiError, api_method};
/// const MAX_PAGE: u32 = 100;
///
/// /// List orders
/// #[api_method(path = "/v1/orders/list", permissions = ["user"], read_only)]
/// async fn list(
///     #[param(minimum = 1, maximum = MAX_PAGE, default = 20)] limit: u32,
///     #[param(max_length = 40, example = "blue")] search: Option<String>,
/// ) -> Result<Vec<u64>, ApiError> {
///     # let _ = (limit, search);
///     Ok(Vec::new())
/// }
/// ```
///
/// They are part of the schema by which calls are checked. Those that do not fit the type, and a default or an example that they
/// refuse, fail the build of the `Api`.
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
///
/// Name and audiences may be constants, of the type `&'static str`: `audience = [CLERK, "admin"]`.
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

/// Makes an enum, or a struct, the error of API methods.
///
/// ```
/// use rpc_core::storage::StoreError;
/// use rpc_core::{ApiError, api_method};
///
/// /// Why an order is not changed.
/// #[derive(Debug, ApiError)]
/// enum OrderError {
///     /// There is no such order.
///     #[api_error(status = 404)]
///     NotFound,
///     /// Somebody else has changed the order.
///     ///
///     /// Read it again, and try once more.
///     #[api_error(status = 409, code = 40901, reason = "The order is at version {current} by now")]
///     Conflict {
///         /// The version of the order.
///         current: u32,
///     },
///     #[api_error(transparent, from)]
///     Store(StoreError),
/// }
///
/// /// Change order
/// #[api_method(path = "/v1/orders/change", permissions = ["user"])]
/// async fn change(id: u32, version: u32) -> Result<(), OrderError> {
///     match stored(id).await? {
///         None => Err(OrderError::NotFound),
///         Some(current) if current != version => Err(OrderError::Conflict { current }),
///         Some(_) => Ok(()),
///     }
/// }
///
/// async fn stored(id: u32) -> Result<Option<u32>, StoreError> {
///     Ok((id == 1).then_some(7))
/// }
///
/// let error = ApiError::from(OrderError::Conflict { current: 7 });
/// assert_eq!((error.status(), error.number(), error.kind()), (409, 40901, Some("conflict")));
/// assert_eq!(error.reason(), "The order is at version 7 by now");
/// assert_eq!(ApiError::from(OrderError::NotFound).reason(), "There is no such order");
/// ```
///
/// Callers get `{"status":409,"reason":"…","code":40901,"data":{"kind":"conflict","current":7}}`; in JSON-RPC `kind` and the details
/// stand beside `exception`, `status` and `meta` in the error's `data`. `kind` is the name for programs: numbers repeat (the status
/// is the number of most errors), reasons are for people. It is also what serde calls a tag, so that a client reads all
/// variants as one enum with `#[serde(tag = "kind", rename_all = "snake_case")]`.
///
/// # Keys of a variant, or of a struct
///
/// | key | meaning |
/// | --- | --- |
/// | `status = 409` | the HTTP status, 400–599; required unless the variant is `transparent` or `internal` |
/// | `code = 40901` | the number, in place of the status: not 0, not −32999 to −32000 (those of JSON-RPC and of the framework), not 100 to 599; several variants may share one |
/// | `kind = "conflict"` | the name for programs, in snake case; default: the variant's; a type has each once |
/// | `reason = "…"` | what people read, in place of the first paragraph of the doc comment; `{current}` stands for a detail |
/// | `retry_after = "30s"` | when to try again: in `ms`, `s`, `min`, `h` or `day` |
/// | `transparent` | the only field is the error: an `ApiError`, or another type that is the error of a method; callers see it, and it is documented |
/// | `internal` | a fault of the program: callers see "Internal error", the log sees the only field, if there is one |
/// | `from` | `?` makes the variant of its only field |
///
/// The first paragraph of the doc comment is the reason, without a full stop at its end; the rest is the description in the documents.
///
/// # Fields
///
/// A named field is a detail: callers see it, and its type implements `serde::Serialize` and `schemars::JsonSchema`.
/// `#[api_error(rename = "…")]` gives it another name; the names `exception`, `status`, `meta`, `errors`, `more_errors`, `request_id`,
/// `retry_after`, `kind` and `data` are taken. A field with `#[source]` (or `#[from]`, for types that derive `thiserror::Error` as well)
/// is for the log only. A field with `#[api_error(retry_after)]` is a `Duration`: when to try again.
#[proc_macro_derive(ApiError, attributes(api_error, source))]
pub fn api_error(input: TokenStream) -> TokenStream {
    expand::error::expand(input.into()).into()
}
