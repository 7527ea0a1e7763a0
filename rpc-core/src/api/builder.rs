//! The builder of an [`Api`](crate::Api).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::select::Selection;
use crate::authenticator::{Authenticator, NoTokens};
use crate::bus::{Bus, LocalBus};
use crate::clock::{Clock, SystemClock};
use crate::limits::{Limits, MethodLimits};
use crate::method::entry::MethodEntry;
use crate::method::finite::NonFinite;
use crate::observer::{Observer, Tracer};
use crate::permissions::Permission;
use crate::state::{State, States};

/// Builds an [`Api`](crate::Api): the methods that it serves, and the parts that they need.
pub struct ApiBuilder {
    pub(super) selection: Selection,
    pub(super) methods: Vec<MethodEntry>,
    pub(super) permissions: Vec<Permission>,
    pub(super) states: States,
    pub(super) authenticator: Box<dyn Authenticator>,
    pub(super) observers: Vec<Box<dyn Observer>>,
    pub(super) tracer: Option<Box<dyn Tracer>>,
    pub(super) is_counted: bool,
    pub(super) non_finite: NonFinite,
    pub(super) is_for_documents: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) limits: Limits,
    pub(super) method_limits: BTreeMap<String, MethodLimits>,
}

impl Default for ApiBuilder {
    fn default() -> Self {
        Self {
            selection: Selection::default(),
            methods: Vec::new(),
            permissions: Vec::new(),
            states: States::default(),
            authenticator: Box::new(NoTokens),
            observers: Vec::new(),
            tracer: None,
            is_counted: false,
            non_finite: NonFinite::default(),
            is_for_documents: false,
            clock: Arc::new(SystemClock::default()),
            bus: Arc::new(LocalBus::default()),
            limits: Limits::default(),
            method_limits: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for ApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiBuilder")
            .field("selection", &self.selection)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl ApiBuilder {
    /// Serves only those methods and events of the binary that match: `/v1/users/create`, `/v1/users/*` (one segment), `/v1/**`
    /// (any number). Repeated patterns add up. One that matches nothing is a [`Fault`](crate::Fault).
    #[must_use]
    pub fn only(mut self, pattern: &str) -> Self {
        self.selection.only.push(pattern.to_owned());
        self
    }

    /// Leaves out the methods and events of the binary that match, also those that [`only`](Self::only) takes. Repeated patterns
    /// add up. One that matches nothing is a [`Fault`](crate::Fault): a misspelt one would serve what was to be left out.
    ///
    /// ```standalone_crate
    /// # use rpc_core::{Api, ApiError, api_method, api_module};
    /// # api_module! {
    /// #     /// Greetings
    /// #     path = "/v1/greetings"
    /// # }
    /// # /// Say hello
    /// # #[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
    /// # async fn hello() -> Result<(), ApiError> { Ok(()) }
    /// # /// Try something
    /// # #[api_method(path = "/v1/greetings/try", permissions = ["*"])]
    /// # async fn attempt() -> Result<(), ApiError> { Ok(()) }
    /// let api = Api::builder().except("/v1/greetings/try").build()?;
    /// assert!(api.method("/v1/greetings/try").is_none());
    /// # Ok::<(), rpc_core::BuildError>(())
    /// ```
    #[must_use]
    pub fn except(mut self, pattern: &str) -> Self {
        self.selection.except.push(pattern.to_owned());
        self
    }

    /// Fails the build when no method matches. For crates of methods that could drop out of the binary unnoticed.
    #[must_use]
    pub fn expect(mut self, pattern: &str) -> Self {
        self.selection.expected.push(pattern.to_owned());
        self
    }

    /// Adds a method explicitly, whatever [`only`](Self::only) and [`except`](Self::except) say.
    #[must_use]
    pub fn method(mut self, entry: MethodEntry) -> Self {
        self.methods.push(entry);
        self
    }

    /// Declares a permission.
    #[must_use]
    pub fn permission(mut self, permission: Permission) -> Self {
        self.permissions.push(permission);
        self
    }

    /// Gives a state that methods take by reference. A second one of the same type replaces the first.
    ///
    /// An `Arc<T>` or a `Box<T>` is taken as `&T` too, also where `T` is `dyn Trait`: see [`State`].
    #[must_use]
    pub fn state<S: State>(mut self, state: S) -> Self {
        self.states.set(state);
        self
    }

    /// Sets who checks tokens. Without an authenticator every token is refused.
    #[must_use]
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Box::new(authenticator);
        self
    }

    /// Adds an observer, which is told of every call.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Counts the calls of each method, and their times: see [`Method::counts`](crate::Method::counts). Methods whose calls are
    /// not logged are counted too.
    #[must_use]
    pub fn counted(mut self) -> Self {
        self.is_counted = true;
        self
    }

    /// Sets what becomes of an answer that holds NaN or an infinity. Default: it fails in debug builds, and so in tests; in a release
    /// build it has `null` there, and the log says so once for each method (event `answer.not_finite`).
    #[must_use]
    pub fn non_finite(mut self, rule: NonFinite) -> Self {
        self.non_finite = rule;
        self
    }

    /// For documents only: states need not be given, and every call is refused with 503.
    #[must_use]
    pub fn for_documents(mut self) -> Self {
        self.is_for_documents = true;
        self
    }

    /// Sets who exports the spans of calls.
    #[must_use]
    pub fn tracer(mut self, tracer: impl Tracer) -> Self {
        self.tracer = Some(Box::new(tracer));
        self
    }

    /// Replaces the clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the bus that this node shares with others. Default: a [`LocalBus`] of its own.
    #[must_use]
    pub fn bus(mut self, bus: Arc<dyn Bus>) -> Self {
        self.bus = bus;
        self
    }

    /// Sets the limits, each within its range.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets limits of one method, from the configuration. Where one is `None`, the attribute decides.
    #[must_use]
    pub fn method_limits(mut self, path: &str, limits: MethodLimits) -> Self {
        self.method_limits.insert(path.to_owned(), limits);
        self
    }
}
