//! The options of a list method: conditions, order, page. Typed from the schema to the store.
//!
//! ```
//! use rpc_core::read::{Condition, Read, Sortable};
//!
//! /// What users can be found and sorted by.
//! #[derive(rpc_core::ReadFields)]
//! struct UserFields {
//!     #[read("=", sortable)]
//!     id: Option<Condition<String>>,
//!     #[read("like")]
//!     search: Option<Condition<String>>,
//!     #[read(sortable)]
//!     name: Sortable,
//! }
//!
//! fn describe(read: &Read<UserFields>) -> String {
//!     let filter = read.filter.as_ref().and_then(|fields| fields.search.as_ref());
//!     match filter {
//!         Some(Condition::Like(text)) => format!("{} users with {text}", read.limit),
//!         _ => format!("{} users", read.limit),
//!     }
//! }
//! ```

mod fields;
mod schema;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use self::fields::{
    Condition, Conditional, Conditions, FieldList, NoId, NoSort, Operator, ReadField, Sortable, Unconditional,
};
pub(crate) use self::schema::KEYWORD;

/// Rows a page, at most and by default, where a list does not say otherwise.
pub const PAGE: u32 = 100;

/// The fields of a list, declared once by `#[derive(ReadFields)]`: a struct of `Option<Condition<T>>` (may be asked for),
/// `Condition<T>` (must be given inside `where`) and [`Sortable`] (no conditions).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare the fields of a list",
    note = "derive it: `#[derive(rpc_core::ReadFields)]`"
)]
pub trait ReadFields: Sized + Send + 'static {
    /// The sortable fields.
    type Sort: Copy + Send + 'static;
    /// The type of the field `id`; [`NoId`] where there is none.
    type Id: DeserializeOwned + JsonSchema + Send + 'static;
    /// Rows a page when the caller does not say.
    const DEFAULT_LIMIT: u32 = PAGE;
    /// Rows a page at most.
    const MAX_LIMIT: u32 = PAGE;

    /// Lists the fields, in the order of the declaration.
    fn describe(fields: &mut FieldList<'_>);

    /// The sortable field with a name.
    fn sort(name: &str) -> Option<Self::Sort>;

    /// Takes the conditions.
    ///
    /// # Errors
    ///
    /// A condition does not convert.
    fn read(conditions: &mut Conditions) -> Result<Self, crate::ConvertError>;
}

/// The order of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Small to large.
    Ascending,
    /// Large to small.
    Descending,
}

/// One term of the order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderBy<S> {
    /// The field.
    pub field: S,
    /// The direction.
    pub direction: Direction,
}

/// The options of a list method.
#[derive(Debug, Clone)]
pub struct Read<F: ReadFields> {
    /// The conditions; `None` when the caller gave no `where`.
    pub filter: Option<F>,
    /// The order, most important field first; empty when the caller gave none.
    pub order_by: Vec<OrderBy<F::Sort>>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to answer at most, from 1 to `F::MAX_LIMIT`.
    pub limit: u32,
    /// The one row that is asked for.
    pub id: Option<F::Id>,
}

impl<F: ReadFields> Default for Read<F> {
    fn default() -> Self {
        Self { filter: None, order_by: Vec::new(), offset: 0, limit: F::DEFAULT_LIMIT, id: None }
    }
}

#[derive(Deserialize)]
struct Raw<I> {
    r#where: Option<Map<String, Value>>,
    order_by: Option<Terms>,
    offset: Option<u64>,
    limit: Option<u32>,
    #[serde(default = "none")]
    id: Option<I>,
}

fn none<I>() -> Option<I> {
    None
}

/// `"name"`, or a list of `"name"` and `["name", "desc"]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Terms {
    One(String),
    Many(Vec<Term>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Term {
    Name(String),
    Only((String,)),
    Directed(String, RawDirection),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawDirection {
    Asc,
    Desc,
}

impl<'de, F: ReadFields> Deserialize<'de> for Read<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::<F::Id>::deserialize(deserializer)?;
        let filter = raw.r#where.map(|conditions| F::read(&mut Conditions::new(conditions)));
        let terms = match raw.order_by {
            None => Vec::new(),
            Some(Terms::One(name)) => vec![Term::Name(name)],
            Some(Terms::Many(terms)) => terms,
        };
        let order_by = terms.into_iter().map(order::<F>).collect::<Option<_>>();
        Ok(Self {
            filter: filter.transpose().map_err(D::Error::custom)?,
            order_by: order_by.ok_or_else(|| D::Error::custom("`order_by` names a field that is not sortable"))?,
            offset: raw.offset.unwrap_or(0),
            limit: raw.limit.unwrap_or(F::DEFAULT_LIMIT),
            id: raw.id,
        })
    }
}

fn order<F: ReadFields>(term: Term) -> Option<OrderBy<F::Sort>> {
    let (name, direction) = match term {
        Term::Name(name) | Term::Only((name,)) | Term::Directed(name, RawDirection::Asc) => {
            (name, Direction::Ascending)
        }
        Term::Directed(name, RawDirection::Desc) => (name, Direction::Descending),
    };
    Some(OrderBy { field: F::sort(&name)?, direction })
}

impl<F: ReadFields> JsonSchema for Read<F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Read".into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("rpc_core::Read<{}>", std::any::type_name::<F>()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::of::<F>(generator)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Condition, Conditions, Direction, FieldList, Operator, Read, ReadFields, Sortable};
    use crate::schema::convert;

    struct Fields {
        id: Option<Condition<String>>,
        search: Option<Condition<String>>,
        kind: Condition<String>,
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Sort {
        Id,
        Name,
    }

    impl ReadFields for Fields {
        type Sort = Sort;
        type Id = String;

        fn describe(fields: &mut FieldList<'_>) {
            fields.field::<Option<Condition<String>>>("id", &[Operator::Eq], true);
            fields.field::<Option<Condition<String>>>("search", &[Operator::Like], false);
            fields.field::<Sortable>("name", &[], true);
            fields.field::<Condition<String>>("kind", &[Operator::Eq], false);
        }

        fn sort(name: &str) -> Option<Sort> {
            match name {
                "id" => Some(Sort::Id),
                "name" => Some(Sort::Name),
                _ => None,
            }
        }

        fn read(conditions: &mut Conditions) -> Result<Self, crate::ConvertError> {
            Ok(Self { id: conditions.take("id")?, search: conditions.take("search")?, kind: conditions.take("kind")? })
        }
    }

    fn validator() -> jsonschema::Validator {
        let mut generator = crate::schema::input_generator();
        let schema = generator.subschema_for::<Read<Fields>>();
        jsonschema::validator_for(schema.as_value()).unwrap()
    }

    fn read(options: Value) -> Read<Fields> {
        assert!(validator().is_valid(&options), "{options}");
        convert::from_value(options).unwrap()
    }

    #[test]
    fn nothing_given_means_the_defaults() {
        let read = read(json!({}));
        assert!(read.filter.is_none() && read.id.is_none() && read.order_by.is_empty());
        assert_eq!((read.offset, read.limit), (0, 100));
        assert_eq!(self::read(json!({"where": null, "order_by": null, "limit": null})).limit, 100);
    }

    #[test]
    fn conditions_are_typed() {
        let read = read(json!({"where": {"id": "7", "search": ["like", "an"], "kind": ["=", "x"]}, "id": "9"}));
        let filter = read.filter.unwrap();
        assert!(matches!(filter.id, Some(Condition::Eq(id)) if id == "7"));
        assert!(matches!(filter.search, Some(Condition::Like(text)) if text == "an"));
        assert!(matches!(filter.kind, Condition::Eq(kind) if kind == "x"));
        assert_eq!(read.id.as_deref(), Some("9"));
    }

    #[test]
    fn all_forms_of_an_order_are_read() {
        let terms = |order: Value| -> Vec<(Sort, Direction)> {
            read(json!({ "order_by": order })).order_by.iter().map(|term| (term.field, term.direction)).collect()
        };
        let (up, down) = (Direction::Ascending, Direction::Descending);
        assert_eq!(terms(json!("name")), [(Sort::Name, up)]);
        assert_eq!(terms(json!(["name", ["id", "desc"]])), [(Sort::Name, up), (Sort::Id, down)]);
        assert_eq!(terms(json!([["name", "asc"]])), [(Sort::Name, up)]);
        assert_eq!(terms(json!([["id"]])), [(Sort::Id, up)]);
    }

    #[test]
    fn the_schema_refuses_what_is_not_declared() {
        for options in [
            json!({"where": {}}),
            json!({"where": {"kind": ["like", "x"]}}),
            json!({"where": {"kind": "x", "name": "ann"}}),
            json!({"where": {"kind": "x", "search": "an"}}),
            json!({"where": {"kind": "x", "id": ["!=", "1"]}}),
            json!({"where": {"kind": "x", "id": 7}}),
            json!({"order_by": "search"}),
            json!({"order_by": ["name", "desc"]}),
            json!({"order_by": [["name", "up"]]}),
            json!({"limit": 0}),
            json!({"limit": 101}),
            json!({"limit": "5"}),
            json!({"offset": -1}),
            json!({"page": 1}),
            json!({"id": 1}),
        ] {
            assert!(!validator().is_valid(&options), "{options}");
        }
    }
}
