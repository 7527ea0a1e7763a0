//! Explains what the validator found, so that a caller can correct it, without repeating the value.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonType;
use serde_json::Value;

use super::label::{label, shortened};
use crate::borrowed::BorrowedValue;
use crate::error::{ApiError, Violation};
use crate::method::{Method, Parameter};
use crate::pointer::escape;

/// Violations listed in one error; the rest is counted.
pub(crate) const MAX_LISTED: usize = 32;

/// Values in one call up to which all violations are looked for. Beyond it only the first one is, since each costs
/// memory and a caller could make half a million of them in 1 MiB.
const MAX_SEARCHED: usize = 10_000;

/// Bytes of a member's name from which only the first violation is looked for.
const LONG_NAME: usize = 1024;

/// Explains why the validator refused `values` (a positional array).
pub(crate) fn explain(method: &Method, values: &BorrowedValue<'_>) -> ApiError {
    let given = if let BorrowedValue::Array(values) = values { values.len() } else { 0 };
    let mut report = Report { method, given, listed: Vec::new(), more: 0 };
    let validator = method.schema.validator();
    if count(values, MAX_SEARCHED) < MAX_SEARCHED {
        validator.iter_errors(values).for_each(|error| report.add(&error));
    } else if let Err(first) = validator.validate(values) {
        report.add(&first);
    }
    let error = ApiError::violations(report.listed).with_more_errors(report.more);
    debug_assert!(!error.details().errors.is_empty(), "a refused call has a violation");
    error
}

/// Counts values, up to `limit`.
fn count(value: &BorrowedValue<'_>, limit: usize) -> usize {
    let mut total = 0;
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        total += 1;
        if total + pending.len() >= limit {
            return limit;
        }
        match value {
            BorrowedValue::Array(items) if items.len() >= limit => return limit,
            BorrowedValue::Object(members) if members.len() >= limit => return limit,
            // Each violation below a name repeats it.
            BorrowedValue::Object(members) if members.iter().any(|(name, _)| name.len() > LONG_NAME) => return limit,
            BorrowedValue::Array(items) => pending.extend(items),
            BorrowedValue::Object(members) => pending.extend(members.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    total
}

struct Report<'m> {
    method: &'m Method,
    given: usize,
    listed: Vec<Violation>,
    more: u64,
}

impl Report<'_> {
    fn add(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        if pointer.is_empty() {
            return self.add_for_whole(error);
        }
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let inside = format!("{pointer}/{}", escape(name));
                    self.push(inside, error.kind().keyword(), "is not a known member");
                }
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => match meant_branch(context, pointer) {
                Some(branch) => branch.iter().for_each(|error| self.add(error)),
                None => self.push(pointer.to_owned(), error.kind().keyword(), "matches none of the allowed forms"),
            },
            kind => {
                let text = expectation(kind);
                self.push(pointer.to_owned(), kind.keyword(), &text);
            }
        }
    }

    /// The array of parameters itself: one is missing, or there are too many.
    fn add_for_whole(&mut self, error: &ValidationError<'_>) {
        let params = self.method.params();
        match error.kind() {
            Kind::MinItems { .. } => {
                let missing = (self.given..params.len()).filter_map(|position| self.method.missing(position));
                missing.for_each(|violation| self.record(violation));
            }
            Kind::MaxItems { .. } => {
                let (max, given) = (params.len(), self.given);
                let message =
                    format!("{given} parameters were given, at most {max} are taken: {}", self.method.usage());
                self.record(Violation { pointer: format!("/{max}"), keyword: "maxItems".into(), message });
            }
            kind => {
                let message = format!("the parameters: {}", expectation(kind));
                let keyword = kind.keyword().to_owned().into();
                self.record(Violation { pointer: String::new(), keyword, message });
            }
        }
    }

    fn push(&mut self, pointer: String, keyword: &str, text: &str) {
        let pointer = shortened(pointer);
        let digits = pointer[1..].find('/').map_or(pointer.len(), |slash| 1 + slash);
        let (position, below) = (&pointer[1..digits], &pointer[digits..]);
        let parameter = position.parse().ok().and_then(|position: usize| self.method.params().get(position));
        let name = parameter.map_or("parameters", Parameter::name);
        let message = format!("`{}` {text}", label(name, below));
        self.record(Violation { pointer, keyword: keyword.to_owned().into(), message });
    }

    fn record(&mut self, violation: Violation) {
        if self.listed.len() < MAX_LISTED {
            self.listed.push(violation);
        } else {
            self.more += 1;
        }
    }
}

type Branch = Vec<ValidationError<'static>>;

/// The one branch of an `anyOf` whose violations are worth telling: the one whose type fits, else the only one that is not
/// just `null`.
fn meant_branch<'e>(branches: &'e [Branch], pointer: &str) -> Option<&'e Branch> {
    let fits = |branch: &&Branch| {
        !branch.iter().any(|error| {
            matches!(error.kind(), Kind::Type { .. } | Kind::Enum { .. } | Kind::Constant { .. })
                && error.instance_path().as_str() == pointer
        })
    };
    let is_null = |error: &ValidationError<'static>| {
        matches!(error.kind(), Kind::Type { kind: TypeKind::Single(JsonType::Null) })
    };
    let says_more = |branch: &&Branch| !branch.iter().all(is_null);
    only(branches.iter().filter(fits)).or_else(|| only(branches.iter().filter(says_more)))
}

/// The item of an iterator of one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// What a keyword expects: "must be at most 65535".
fn expectation(kind: &Kind) -> Cow<'static, str> {
    match kind {
        Kind::Type { kind } => format!("must be {}", types(kind)).into(),
        Kind::Required { property } => format!("lacks the member {property}").into(),
        Kind::Enum { options } => format!("must be one of {}", choices(options)).into(),
        Kind::Constant { expected_value } => format!("must be {expected_value}").into(),
        Kind::Minimum { limit } => format!("must be at least {limit}").into(),
        Kind::Maximum { limit } => format!("must be at most {limit}").into(),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}").into(),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}").into(),
        Kind::MinLength { limit } => format!("must have at least {limit} characters").into(),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters").into(),
        Kind::MinItems { limit } => format!("must have at least {limit} items").into(),
        Kind::MaxItems { limit } => format!("must have at most {limit} items").into(),
        Kind::AdditionalItems { limit } => format!("must have at most {limit} items").into(),
        Kind::MinProperties { limit } => format!("must have at least {limit} members").into(),
        Kind::MaxProperties { limit } => format!("must have at most {limit} members").into(),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}").into(),
        Kind::Format { format } => format!("must be a valid {format}").into(),
        Kind::Pattern { pattern } => format!("must match the pattern {pattern}").into(),
        Kind::UniqueItems => "must not have the same item twice".into(),
        Kind::OneOfMultipleValid { .. } => "matches more than one of the allowed forms".into(),
        Kind::PropertyNames { .. } => "has a member with a name that is not allowed".into(),
        Kind::Contains => "lacks an item that must be there".into(),
        Kind::FalseSchema => "is not allowed here".into(),
        _ => "does not fit its schema".into(),
    }
}

fn choices(options: &Value) -> String {
    let listed = options.as_array().map_or(&[][..], Vec::as_slice);
    listed.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

fn types(kind: &TypeKind) -> String {
    let name = |kind| match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    };
    match kind {
        TypeKind::Single(kind) => name(*kind).to_owned(),
        TypeKind::Multiple(kinds) => {
            let (null, others): (Vec<_>, Vec<_>) = kinds.iter().partition(|kind| *kind == JsonType::Null);
            others.into_iter().chain(null).map(name).collect::<Vec<_>>().join(" or ")
        }
    }
}
