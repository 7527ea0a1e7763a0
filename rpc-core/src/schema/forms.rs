//! Which of the forms of a union a value was meant to have: by the tag in it, by its only member, or by being text.
//!
//! The forms are the branches of `anyOf` or `oneOf`, as serde's enums have them.

use serde_json::Value;

use crate::borrowed::{BorrowedValue, Member};
use crate::pointer::unescape;

/// What a value was meant to be.
#[derive(Debug, PartialEq)]
pub(super) enum Meant<'s> {
    /// The form at this position.
    Form(usize),
    /// A form, but the member that names it is missing.
    NoTag { tag: &'s str, names: Vec<&'s Value> },
    /// A form, but the member that names it names none.
    BadTag { tag: &'s str, names: Vec<&'s Value> },
    /// One of some texts; or an object with one of some members, where there are any.
    Text { texts: Vec<&'s Value>, members: Vec<&'s str> },
    /// An object with one member, out of these.
    Only { members: Vec<&'s str> },
    /// Nothing that the value tells.
    Unsaid,
}

/// The forms of one union.
pub(super) struct Forms<'s> {
    /// The branches, each with the definition that it refers to in its place.
    branches: Vec<&'s Value>,
}

impl<'s> Forms<'s> {
    /// The forms that stand at a place in a schema.
    pub(super) fn at(schema: &'s Value, path: &str) -> Option<Self> {
        let branches = schema.pointer(path)?.as_array()?;
        Some(Self { branches: branches.iter().map(|branch| resolved(schema, branch)).collect() })
    }

    pub(super) fn meant(&self, value: Option<&BorrowedValue<'_>>) -> Meant<'s> {
        let texts: Vec<&Value> = self.branches.iter().flat_map(|branch| constants(branch)).collect();
        if !self.branches.is_empty() && self.branches.iter().all(|branch| !constants(branch).is_empty()) {
            return Meant::Text { texts, members: Vec::new() };
        }
        match value {
            Some(BorrowedValue::Object(members)) => self.object(members),
            Some(BorrowedValue::Text(_)) if !texts.is_empty() => match self.only_members() {
                Some(members) => Meant::Text { texts, members },
                None => Meant::Unsaid,
            },
            _ => Meant::Unsaid,
        }
    }

    fn object(&self, given: &[Member<'_>]) -> Meant<'s> {
        if let Some(tag) = self.tag() {
            return self.tagged(tag, given);
        }
        let Some(members) = self.only_members().filter(|members| !members.is_empty()) else { return Meant::Unsaid };
        let position = match given {
            [(name, _)] => {
                self.branches.iter().position(|branch| only_member(branch).is_some_and(|only| **name == *only))
            }
            _ => None,
        };
        position.map_or(Meant::Only { members }, Meant::Form)
    }

    fn tagged(&self, tag: &'s str, given: &[Member<'_>]) -> Meant<'s> {
        let named = |branch: &&'s Value| tag_value(branch, tag);
        let names: Vec<&Value> = self.branches.iter().filter_map(named).collect();
        let Some((_, value)) = given.iter().find(|(name, _)| **name == *tag) else {
            return Meant::NoTag { tag, names };
        };
        let is_meant = |branch: &&'s Value| matches!((named(branch), value), (Some(Value::String(name)), BorrowedValue::Text(text)) if name == text);
        self.branches.iter().position(is_meant).map_or(Meant::BadTag { tag, names }, Meant::Form)
    }

    /// The member that has another constant in each form that is an object.
    fn tag(&self) -> Option<&'s str> {
        let mut objects = self.branches.iter().filter(|branch| is_object(branch));
        let first = objects.next()?;
        let mut names = first.get("properties")?.as_object()?.keys().map(String::as_str);
        names.find(|name| self.branches.iter().filter(|branch| is_object(branch)).all(|b| tag_value(b, name).is_some()))
    }

    /// The only member of each form that is an object; nothing if one of them has others.
    fn only_members(&self) -> Option<Vec<&'s str>> {
        self.branches.iter().filter(|branch| is_object(branch)).map(|branch| only_member(branch)).collect()
    }
}

fn resolved<'s>(schema: &'s Value, branch: &'s Value) -> &'s Value {
    let has_only_reference = |branch: &Value| branch.as_object().is_some_and(|keywords| keywords.len() == 1);
    let reference = branch.get("$ref").and_then(Value::as_str).filter(|_| has_only_reference(branch));
    reference.and_then(|path| schema.pointer(path.strip_prefix('#')?)).unwrap_or(branch)
}

fn is_object(branch: &Value) -> bool {
    branch.get("type").is_some_and(|kind| kind == "object")
}

/// The texts that a form consists of; none if there is more to it.
fn constants(branch: &Value) -> Vec<&Value> {
    let listed = branch.get("enum").and_then(Value::as_array).map(|values| values.iter().collect::<Vec<_>>());
    let values = branch.get("const").map(|value| vec![value]).or(listed).unwrap_or_default();
    if values.iter().all(|value| value.is_string()) { values } else { Vec::new() }
}

fn is_required(branch: &Value, name: &str) -> bool {
    branch.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|known| known == name))
}

/// The constant by which a form is known.
fn tag_value<'s>(branch: &'s Value, tag: &str) -> Option<&'s Value> {
    let member = branch.get("properties")?.get(tag).filter(|_| is_required(branch, tag))?;
    match constants(member)[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The name of the one member that a form takes.
fn only_member(branch: &Value) -> Option<&str> {
    let properties = branch.get("properties")?.as_object()?;
    let name = properties.keys().next().filter(|name| properties.len() == 1 && is_required(branch, name))?;
    let is_closed = branch.get("additionalProperties") == Some(&Value::Bool(false));
    is_closed.then_some(name.as_str())
}

/// The value that a JSON Pointer leads to.
pub(super) fn value_at<'v, 't>(value: &'v BorrowedValue<'t>, pointer: &str) -> Option<&'v BorrowedValue<'t>> {
    pointer.split('/').skip(1).try_fold(value, |value, segment| match value {
        BorrowedValue::Array(items) => items.get(segment.parse::<usize>().ok()?),
        BorrowedValue::Object(members) => {
            let name = unescape(segment);
            members.iter().find(|(known, _)| *known == *name).map(|(_, value)| value)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Forms, Meant, value_at};
    use crate::borrowed::BorrowedValue;

    fn object(properties: &Value) -> Value {
        let names: Vec<&String> = properties.as_object().unwrap().keys().collect();
        json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
    }

    /// What is meant, in the words of `Debug`.
    fn meant(branches: &Value, value: &Value) -> String {
        let schema = json!({"oneOf": branches, "$defs": {"Circle": object(&json!({"kind": {"const": "circle"}}))}});
        let value = BorrowedValue::from(value.clone());
        format!("{:?}", Forms::at(&schema, "/oneOf").unwrap().meant(Some(&value)))
    }

    #[test]
    fn a_tag_names_a_form() {
        let square = object(&json!({"side": {"type": "number"}, "kind": {"type": "string", "const": "square"}}));
        let branches = json!([{"$ref": "#/$defs/Circle"}, square, {"type": "null"}]);
        assert_eq!(meant(&branches, &json!({"kind": "square"})), "Form(1)");
        let names = r#"names: [String("circle"), String("square")]"#;
        for other in [json!("triangle"), json!(1), json!(null)] {
            assert_eq!(meant(&branches, &json!({"kind": other})), format!("BadTag {{ tag: \"kind\", {names} }}"));
        }
        assert_eq!(meant(&branches, &json!({"side": 1})), format!("NoTag {{ tag: \"kind\", {names} }}"));
        assert_eq!(meant(&branches, &json!([])), "Unsaid");
    }

    #[test]
    fn the_only_member_names_a_form() {
        let branches = json!([
            {"type": "string", "enum": ["nothing"]}, object(&json!({"circle": true})), object(&json!({"square": true})),
        ]);
        assert_eq!(meant(&branches, &json!({"square": 1})), "Form(2)");
        for other in [json!({}), json!({"circle": 1, "square": 2}), json!({"triangle": 1})] {
            assert_eq!(meant(&branches, &other), r#"Only { members: ["circle", "square"] }"#);
        }
        let text = r#"Text { texts: [String("nothing")], members: ["circle", "square"] }"#;
        assert_eq!(meant(&branches, &json!("all")), text);
    }

    #[test]
    fn constants_alone_are_texts() {
        let branches = json!([{"const": "a", "description": "A"}, {"enum": ["b", "c"]}]);
        let text = r#"Text { texts: [String("a"), String("b"), String("c")], members: [] }"#;
        for value in [json!("d"), json!(1), json!({})] {
            assert_eq!(meant(&branches, &value), text);
        }
        let open = json!([{"type": "object", "properties": {"a": true}, "required": ["a"]}, {"type": "string"}]);
        assert_eq!(meant(&open, &json!({"b": 1})), "Unsaid");
        assert_eq!(meant(&json!([{"oneOf": []}, {"type": "null"}]), &json!({"b": 1})), "Unsaid");
    }

    #[test]
    fn pointers_lead_into_values() {
        let value = BorrowedValue::from(json!({"a/b": [0, {"c": true}]}));
        assert_eq!(value_at(&value, "/a~1b/1/c"), Some(&BorrowedValue::Bool(true)));
        assert_eq!((value_at(&value, ""), value_at(&value, "/a~1b/2")), (Some(&value), None));
        assert_eq!(Meant::Form(1), Meant::Form(1));
    }
}
