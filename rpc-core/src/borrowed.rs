//! A decoded document that is read once: it borrows its texts from the bytes where it can, and keeps members in a list.
//!
//! Parameters are validated in this form (`schema/instance.rs`) and moved out of it (`schema/convert.rs`).

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

/// A JSON value that borrows its texts where it can.
#[derive(Debug, Clone, PartialEq)]
pub enum BorrowedValue<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Cow<'t, str>),
    /// The items of an array.
    Array(Vec<BorrowedValue<'t>>),
    /// The members of an object, in their order. No two have the same name.
    Object(Vec<Member<'t>>),
}

/// A member of an object: its name and its value.
pub(crate) type Member<'t> = (Cow<'t, str>, BorrowedValue<'t>);

/// Members up to which each pair of names is compared.
pub(crate) const FEW: usize = 16;

/// Whether two members have the same name.
pub(crate) fn has_repeated_name(members: &[Member<'_>]) -> bool {
    if members.len() <= FEW {
        return (1..members.len()).any(|last| repeats(&members[..last], &members[last].0));
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Whether one of the members has this name.
pub(crate) fn repeats(members: &[Member<'_>], name: &str) -> bool {
    members.iter().any(|(known, _)| known == name)
}

impl BorrowedValue<'_> {
    /// Bytes of memory that it takes, and all in it: a few bytes that were sent may become many.
    pub(crate) fn memory(&self) -> usize {
        let inside = match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => 0,
            Self::Text(text) => text.len(),
            Self::Array(items) => {
                (items.capacity() - items.len()) * size_of::<Self>() + items.iter().map(Self::memory).sum::<usize>()
            }
            Self::Object(members) => {
                let member = |(name, value): &Member<'_>| size_of_val(name) + name.len() + value.memory();
                (members.capacity() - members.len()) * size_of::<Member<'_>>()
                    + members.iter().map(member).sum::<usize>()
            }
        };
        size_of::<Self>() + inside
    }
}

impl From<Value> for BorrowedValue<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(value) => Self::Number(value),
            Value::String(text) => Self::Text(Cow::Owned(text)),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (Cow::Owned(name), value.into())).collect())
            }
        }
    }
}

impl<'t> From<&'t Value> for BorrowedValue<'t> {
    fn from(value: &'t Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(value) => Self::Number(value.clone()),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let member = |(name, value): (&'t String, &'t Value)| (Cow::Borrowed(name.as_str()), value.into());
                Self::Object(members.iter().map(member).collect())
            }
        }
    }
}

impl From<BorrowedValue<'_>> for Value {
    fn from(value: BorrowedValue<'_>) -> Self {
        match value {
            BorrowedValue::Null => Self::Null,
            BorrowedValue::Bool(value) => Self::Bool(value),
            BorrowedValue::Number(value) => Self::Number(value),
            BorrowedValue::Text(text) => Self::String(text.into_owned()),
            BorrowedValue::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            BorrowedValue::Object(members) => {
                let mut map = Map::with_capacity(members.len());
                map.extend(members.into_iter().map(|(name, value)| (name.into_owned(), value.into())));
                Self::Object(map)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::{BorrowedValue, FEW, has_repeated_name};

    #[test]
    fn every_value_takes_memory_and_so_does_every_text() {
        let text = "x".repeat(1000);
        for value in [json!(text), json!([text]), json!({"a": text}), json!({text.clone(): [null]})] {
            let memory = BorrowedValue::from(value).memory();
            assert!((1000..1500).contains(&memory), "{memory}");
        }
        assert!(
            BorrowedValue::Array(vec![BorrowedValue::Null; 1000]).memory() >= 1000 * size_of::<BorrowedValue<'_>>()
        );
    }

    #[test]
    fn a_repeated_name_is_found_among_few_and_among_many() {
        for count in [2, FEW, FEW + 1, 1000] {
            let mut members: Vec<_> =
                (0..count).map(|at| (Cow::Owned(format!("m{at}")), BorrowedValue::Null)).collect();
            assert!(!has_repeated_name(&members), "{count}");
            members[count - 1].0 = Cow::Borrowed("m0");
            assert!(has_repeated_name(&members), "{count}");
        }
        assert!(!has_repeated_name(&[]));
    }
}
