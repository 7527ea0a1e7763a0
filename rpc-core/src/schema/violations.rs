//! Explains what the validator found, so that a caller can correct it, without repeating the value.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonType;
use serde_json::Value;

use super::forms::{Forms, Meant, value_at};
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

/// The patterns that schemars gives to the names in maps with keys of whole numbers.
pub(crate) const WHOLE_NUMBERS: [&str; 2] = [r"^\d+$", r"^-?\d+$"];

/// Bytes of a member's name from which only the first violation is looked for.
const LONG_NAME: usize = 1024;

/// Forms of which one error says what they lack.
const MAX_FORMS: usize = 3;

/// Explains why the validator refused `values` (a positional array).
pub(crate) fn explain(method: &Method, values: &BorrowedValue<'_>) -> ApiError {
    let given = if let BorrowedValue::Array(values) = values { values.len() } else { 0 };
    let mut report = Report { method, values, given, listed: Vec::new(), more: 0 };
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
    values: &'m BorrowedValue<'m>,
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
                let text = self.unknown_member(error);
                for name in unexpected {
                    let inside = format!("{pointer}/{}", escape(name));
                    self.push(inside, error.kind().keyword(), text);
                }
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => self.add_union(error, context),
            kind => {
                let text = expectation(kind);
                self.push(pointer.to_owned(), kind.keyword(), &text);
            }
        }
    }

    /// What is wrong with the name of a member: nobody knows it, or it is no key of the map.
    fn unknown_member(&self, error: &ValidationError<'_>) -> &'static str {
        let path = error.schema_path().as_str();
        let object = path.rsplit_once('/').and_then(|(object, _)| self.method.params_schema().pointer(object));
        let patterns = object.and_then(|object| object.get("patternProperties")?.as_object());
        match patterns {
            Some(patterns) if patterns.keys().all(|pattern| WHOLE_NUMBERS.contains(&pattern.as_str())) => {
                "has a name that is not a whole number"
            }
            Some(_) => "has a name that does not match the pattern of names",
            None => "is not a known member",
        }
    }

    /// None of the forms of a union fits: by the one that was meant, else by what each of them lacks.
    fn add_union(&mut self, error: &ValidationError<'_>, context: &[Branch]) {
        let (pointer, keyword) = (error.instance_path().as_str(), error.kind().keyword());
        let forms = Forms::at(self.method.params_schema(), error.schema_path().as_str());
        let meant = forms.map_or(Meant::Unsaid, |forms| forms.meant(value_at(self.values, pointer)));
        match meant {
            Meant::Form(position) => context.get(position).into_iter().flatten().for_each(|error| self.add(error)),
            Meant::NoTag { tag, names } => {
                let text = format!("lacks the member \"{tag}\", which is one of {}", listed(&names));
                self.push(pointer.to_owned(), "required", &text);
            }
            Meant::BadTag { tag, names } => {
                self.push(format!("{pointer}/{}", escape(tag)), "enum", &format!("must be one of {}", listed(&names)));
            }
            Meant::Text { texts, members } if members.is_empty() => {
                self.push(pointer.to_owned(), "enum", &format!("must be one of {}", listed(&texts)));
            }
            Meant::Text { texts, members } => {
                let text =
                    format!("must be one of {}, or an object with one member of {}", listed(&texts), quoted(&members));
                self.push(pointer.to_owned(), "enum", &text);
            }
            Meant::Only { members } => self.add_unknown_form(pointer, keyword, &members),
            Meant::Unsaid => match meant_branch(context, pointer) {
                Some(branch) => branch.iter().for_each(|error| self.add(error)),
                None => self.add_forms(error, context),
            },
        }
    }

    /// What each form lacks, of the first few; where all lack the same, that.
    fn add_forms(&mut self, error: &ValidationError<'_>, context: &[Branch]) {
        let pointer = error.instance_path().as_str();
        match &lacks(context, pointer)[..] {
            [(_, only)] => self.add(only),
            all => {
                let few: Vec<&str> = all.iter().take(MAX_FORMS).map(|(text, _)| text.as_str()).collect();
                let rest = if all.len() > MAX_FORMS { "; or another" } else { "" };
                let text = format!("matches none of the allowed forms: {}{rest}", few.join("; or "));
                self.push(pointer.to_owned(), error.kind().keyword(), &text);
            }
        }
    }

    /// An object that should have one member, out of some.
    fn add_unknown_form(&mut self, pointer: &str, keyword: &str, members: &[&str]) {
        match value_at(self.values, pointer) {
            Some(BorrowedValue::Object(given)) if given.len() == 1 => {
                let text = format!("is not a known member; known are {}", quoted(members));
                self.push(format!("{pointer}/{}", escape(&given[0].0)), "additionalProperties", &text);
            }
            _ => {
                let text = format!("must have exactly one member of {}", quoted(members));
                self.push(pointer.to_owned(), keyword, &text);
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
    let is_null = |error: &ValidationError<'static>| {
        matches!(error.kind(), Kind::Type { kind: TypeKind::Single(JsonType::Null) })
    };
    let says_more = |branch: &&Branch| !branch.iter().all(is_null);
    only(branches.iter().filter(|branch| fits(branch, pointer))).or_else(|| only(branches.iter().filter(says_more)))
}

/// Whether a value is of the type of a form, whatever else is wrong with it.
fn fits(branch: &Branch, pointer: &str) -> bool {
    !branch.iter().any(|error| {
        matches!(error.kind(), Kind::Type { .. } | Kind::Enum { .. } | Kind::Constant { .. })
            && error.instance_path().as_str() == pointer
    })
}

/// What forms lack, each once, with a violation that says so: those forms whose type fits, else all.
fn lacks<'e>(branches: &'e [Branch], pointer: &str) -> Vec<(String, &'e ValidationError<'static>)> {
    let has_type = branches.iter().any(|branch| fits(branch, pointer));
    let told = branches.iter().filter(|branch| !has_type || fits(branch, pointer));
    let mut texts: Vec<(String, &ValidationError<'static>)> = Vec::new();
    for error in told.filter_map(|branch| branch.first()) {
        let text = lack(error, pointer);
        if texts.iter().all(|(known, _)| *known != text) {
            texts.push((text, error));
        }
    }
    texts
}

/// One violation of one form, with the place below the value of the union.
fn lack(error: &ValidationError<'_>, pointer: &str) -> String {
    let below = error.instance_path().as_str().strip_prefix(pointer).unwrap_or_default();
    match (error.kind(), label("", &shortened(below.to_owned()))) {
        (Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. }, _) => {
            "it has unknown members".to_owned()
        }
        (kind, place) if place.is_empty() => format!("it {}", expectation(kind)),
        (kind, place) => format!("`{}` {}", place.trim_start_matches('.'), expectation(kind)),
    }
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
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => "matches none of the allowed forms".into(),
        _ => "does not fit its schema".into(),
    }
}

fn choices(options: &Value) -> String {
    listed(&options.as_array().into_iter().flatten().collect::<Vec<_>>())
}

fn listed(values: &[&Value]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
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
