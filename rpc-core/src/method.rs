//! A method: what the attribute declares ([`entry`]), what its signature means ([`arguments`], [`provider`], [`output`],
//! [`errors`]),
//! and the run-time form that the `Api` serves.

pub(crate) mod arguments;
pub(crate) mod counts;
pub(crate) mod encode;
pub(crate) mod entry;
pub(crate) mod errors;
mod file;
pub(crate) mod finite;
pub(crate) mod inject;
pub(crate) mod output;
pub(crate) mod provider;

use std::fmt;
use std::sync::Arc;

use schemars::Schema;
use serde_json::Value;

use self::counts::{CallCounts, Counters};
use self::entry::{MethodEntry, ModuleEntry, ParamEntry, UploadUse};
use self::errors::DeclaredError;
use self::finite::Finite;
use crate::error::Violation;
use crate::limits::{EffectiveLimits, Gate};
use crate::location::SourceLocation;
use crate::permissions::Access;
use crate::schema::MethodSchema;

/// A method of a built [`Api`](crate::Api).
pub struct Method {
    pub(crate) entry: MethodEntry,
    pub(crate) module: usize,
    pub(crate) access: Access,
    pub(crate) params: Vec<Parameter>,
    /// The defaults of parameters, by position.
    pub(crate) defaults: Vec<(usize, Value)>,
    pub(crate) result: Schema,
    pub(crate) errors: Vec<DeclaredError>,
    pub(crate) upload: UploadUse,
    pub(crate) takes_head: bool,
    pub(crate) answers_file: bool,
    pub(crate) schema: MethodSchema,
    pub(crate) limits: EffectiveLimits,
    pub(crate) gate: Arc<Gate>,
    pub(crate) counters: Option<Box<Counters>>,
    pub(crate) finite: Finite,
}

/// A positional parameter of a built method.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub(crate) entry: ParamEntry,
    pub(crate) required: bool,
}

/// A module of a built [`Api`](crate::Api).
#[derive(Debug, Clone, Copy)]
pub struct Module {
    pub(crate) entry: ModuleEntry,
}

impl Method {
    /// The path, which is the method's id: `/v1/test/test`.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.entry.path
    }

    /// The title: one line.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.entry.title
    }

    /// The description: Markdown, may be empty.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.entry.description
    }

    /// Where the method is declared.
    #[must_use]
    pub fn location(&self) -> SourceLocation {
        self.entry.location
    }

    /// Who may call, as declared.
    #[must_use]
    pub fn permissions(&self) -> &'static [&'static str] {
        self.entry.permissions
    }

    /// The positional parameters, in order.
    #[must_use]
    pub fn params(&self) -> &[Parameter] {
        &self.params
    }

    /// The JSON Schema of the whole positional array.
    #[must_use]
    pub fn params_schema(&self) -> &Value {
        self.schema.value()
    }

    /// The JSON Schema of `data` in the answer; its `$ref`s point into [`Api::result_definitions`](crate::Api::result_definitions).
    #[must_use]
    pub fn result_schema(&self) -> &Value {
        self.result.as_value()
    }

    /// The errors that the type of the method's error declares, in its order; none for a plain [`ApiError`](struct@crate::ApiError).
    /// Those of the framework come on top: [`ErrorCode::TABLE`](crate::ErrorCode::TABLE).
    #[must_use]
    pub fn errors(&self) -> &[DeclaredError] {
        &self.errors
    }

    /// The limits in force: the attribute's, overridden by the configuration, over the defaults.
    #[must_use]
    pub fn limits(&self) -> &EffectiveLimits {
        &self.limits
    }

    /// Whether and how the method takes an uploaded file.
    #[must_use]
    pub fn upload(&self) -> UploadUse {
        self.upload
    }

    /// Whether its answer is a file, which only plain HTTP and calls from inside the process can take.
    #[must_use]
    pub fn answers_file(&self) -> bool {
        self.answers_file
    }

    /// Whether it takes the head of its request: a copy is made for each call.
    #[must_use]
    pub fn takes_head(&self) -> bool {
        self.takes_head
    }

    /// Marked as deprecated.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        self.entry.deprecated
    }

    /// Reached by calls from inside the process only.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.entry.private
    }

    /// Whether observers that keep a log should keep its calls.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        self.entry.log
    }

    /// Refuses API tokens.
    #[must_use]
    pub fn is_session_only(&self) -> bool {
        self.entry.session_only
    }

    /// Looks at no presented token.
    #[must_use]
    pub fn ignores_token(&self) -> bool {
        self.entry.ignores_token
    }

    /// Changes nothing, so that it may be called at any time and again.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.entry.effect.read_only
    }

    /// May be called again with the same parameters: the second call changes nothing more. So may one that is
    /// [read-only](Self::is_read_only).
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        self.entry.effect.idempotent
    }

    /// Takes something away that no other call brings back.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.entry.effect.destructive
    }

    /// The event with which clients reach the method too.
    #[must_use]
    pub fn client_event(&self) -> Option<&'static str> {
        self.entry.client_event
    }

    /// Calls that run at this moment on this node.
    #[must_use]
    pub fn active_calls(&self) -> u32 {
        self.gate.running()
    }

    /// What became of the method's calls; `None` unless they are [`counted`](crate::ApiBuilder::counted).
    #[must_use]
    pub fn counts(&self) -> Option<CallCounts> {
        self.counters.as_ref().map(|counters| counters.snapshot())
    }

    /// The violation when the parameter at a position is missing; `None` when it may be.
    pub(crate) fn missing(&self, position: usize) -> Option<Violation> {
        let param = self.params.get(position).filter(|param| param.required)?;
        let message = format!("`{}` is required: {}", param.name(), self.usage());
        Some(Violation { pointer: format!("/{position}"), keyword: "required".into(), message })
    }

    /// The method's call as people write it: `set-enabled(userId, [enabled])`.
    pub(crate) fn usage(&self) -> String {
        let name = self.path().rsplit('/').next().unwrap_or_default();
        let params: Vec<String> = self.params.iter().map(Parameter::usage).collect();
        format!("{name}({})", params.join(", "))
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("path", &self.path()).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Parameter {
    /// The public name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The description: may be empty.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.entry.description
    }

    /// What it means when it is absent, or `null`.
    #[must_use]
    pub fn default_value(&self) -> Option<&Value> {
        self.entry.rules.default.as_ref()
    }

    /// Whether a call must give it: its schema refuses `null`.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// How the documents show it.
    #[must_use]
    pub fn style(&self) -> entry::ParamStyle {
        self.entry.style
    }

    /// Its JSON Schema; `$ref`s point into the `$defs` of [`Method::params_schema`].
    #[must_use]
    pub fn schema(&self) -> &Value {
        self.entry.schema.as_value()
    }

    /// The name, in brackets when the parameter may be left out.
    pub(crate) fn usage(&self) -> String {
        if self.required { self.name().to_owned() } else { format!("[{}]", self.name()) }
    }
}

impl Module {
    /// The path: `/v1/admin/users`.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.entry.path
    }

    /// The title: one line.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.entry.title
    }

    /// The description: Markdown, may be empty.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.entry.description
    }

    /// Where the module is declared.
    #[must_use]
    pub fn location(&self) -> SourceLocation {
        self.entry.location
    }
}
