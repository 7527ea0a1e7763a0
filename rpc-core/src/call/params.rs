//! The parameters of a call, from the transport to the stage that decodes them.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::codec::Codec;
use crate::error::{ApiError, Violation};
use crate::limits::DocumentLimits;
use crate::method::Method;
use crate::schema::label::escape;
use crate::schema::violations::MAX_LISTED;
use crate::tree::Tree;

/// The parameters of a call, as they came.
#[derive(Debug)]
pub enum Params {
    /// None.
    None,
    /// Bytes that are decoded once the caller has got past credentials, permission and limits.
    Encoded(Bytes),
    /// By position.
    Positional(Vec<Value>),
    /// By name.
    Named(Map<String, Value>),
    /// They could not be read. The caller learns it when credentials, permission and limits are checked.
    Unreadable(ApiError),
}

impl Params {
    /// Takes the positional values. A document that is no array is the only parameter; names are put in order by `method`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Parse`](crate::ErrorCode::Parse), why they could not be read, or names that the method does not have.
    pub(crate) fn take(
        &mut self,
        codec: Codec,
        limits: DocumentLimits,
        method: Option<&Method>,
    ) -> Result<Vec<Tree<'_>>, ApiError> {
        let trees = |values: Vec<Value>| values.into_iter().map(Tree::from).collect();
        if let Self::Encoded(bytes) = self {
            return if codec.is_empty_document(bytes) {
                Ok(Vec::new())
            } else {
                codec.decode_tree(bytes, limits).map(|tree| match tree {
                    Tree::Array(values) => values,
                    only => vec![only],
                })
            };
        }
        match std::mem::replace(self, Self::None) {
            Self::Positional(values) => Ok(trees(values)),
            Self::Named(values) => positional(values, method).map(trees),
            Self::Unreadable(error) => Err(error),
            Self::None | Self::Encoded(_) => Ok(Vec::new()),
        }
    }
}

/// Puts named values into the order of the method's parameters; those left out are `null`, at the end they are absent.
fn positional(mut values: Map<String, Value>, method: Option<&Method>) -> Result<Vec<Value>, ApiError> {
    let Some(method) = method else { return Ok(vec![Value::Object(values)]) };
    let mut ordered: Vec<Option<Value>> = method.params().iter().map(|param| values.remove(param.name())).collect();
    if !values.is_empty() {
        return Err(ApiError::violations(unknown_names(&values, method)));
    }
    let missing = |(position, _): (usize, &Option<Value>)| method.missing(position);
    let missing: Vec<Violation> =
        ordered.iter().enumerate().filter(|(_, value)| value.is_none()).filter_map(missing).collect();
    if !missing.is_empty() {
        return Err(ApiError::violations(missing));
    }
    let given = ordered.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    ordered.truncate(given);
    Ok(ordered.into_iter().map(Option::unwrap_or_default).collect())
}

fn unknown_names(values: &Map<String, Value>, method: &Method) -> Vec<Violation> {
    let unknown = |name: &String| Violation {
        pointer: format!("/{}", escape(name)),
        keyword: "additionalProperties".into(),
        message: format!("`{name}` is no parameter: {}", method.usage()),
    };
    values.keys().take(MAX_LISTED).map(unknown).collect()
}
