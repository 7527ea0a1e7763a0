//! One name for each type in all schemas of a build: the type's own where no other type has it, else with what tells them apart.
//!
//! Two types are one when they have one name and one schema. Where types of one name differ, all of them get longer ones:
//! with their type arguments (`PageOfOrder`), then with their module (`ShopItem`), and in the end a number. Such names
//! depend on the types alone, and not on methods, on their order, or on the order of linking.

mod ids;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use self::ids::TypeId;
use crate::pointer::{escape, unescape};

/// Where references point.
const PATH: &str = "#/$defs/";

/// What a fragment of a URI cannot hold as it is, and a little more.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b'~');

/// What the schemas of one generator refer to.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    schemas: Map<String, Value>,
    ids: HashMap<String, TypeId>,
}

/// The new name for each old one.
pub(crate) type Renaming = HashMap<String, String>;

impl Definitions {
    pub(crate) fn take(generator: &mut SchemaGenerator) -> Self {
        let schemas = generator.take_definitions(true);
        let ids = if schemas.is_empty() { HashMap::new() } else { ids::of(generator) };
        Self { schemas, ids }
    }

    pub(crate) fn schemas(&self) -> &Map<String, Value> {
        &self.schemas
    }

    pub(crate) fn into_schemas(self) -> Map<String, Value> {
        self.schemas
    }

    /// Gives the definitions their new names, here and in all references between them.
    pub(crate) fn rename(&mut self, names: &Renaming) {
        if names.is_empty() {
            return;
        }
        let schemas = std::mem::take(&mut self.schemas).into_iter();
        let renamed = schemas.map(|(name, mut schema)| {
            rename_in(&mut schema, names);
            (names.get(&name).cloned().unwrap_or(name), schema)
        });
        self.schemas = renamed.collect::<BTreeMap<_, _>>().into_iter().collect();
    }

    /// The name that the type has in code: schemars adds a number where one generator meets a second type of it.
    fn base<'n>(&'n self, name: &'n str) -> &'n str {
        let bare = name.trim_end_matches(|last: char| last.is_ascii_digit());
        match self.ids.get(name) {
            Some(id) if bare.len() < name.len() && self.schemas.contains_key(bare) && id.name() == bare => bare,
            _ => name,
        }
    }

    /// The schema of a definition, and of all that it refers to, as a text that holds no name which schemars has numbered.
    fn text(&self, name: &str) -> String {
        let mut order = vec![name.to_owned()];
        let mut text = String::new();
        let mut next = 0;
        while let Some(name) = order.get(next).cloned() {
            let mut schema = self.schemas.get(&name).cloned().unwrap_or_default();
            each_reference(&mut schema, &mut |reference| {
                let position = order.iter().position(|known| known == reference).unwrap_or_else(|| {
                    order.push(reference.to_owned());
                    order.len() - 1
                });
                Some(format!("{} {position}", self.base(reference)))
            });
            text.push_str(&schema.to_string());
            next += 1;
        }
        text
    }
}

/// The renamings of some definitions after which a name means one thing in all of them.
pub(crate) fn unique(all: &[&Definitions]) -> Vec<Renaming> {
    let mut types: BTreeMap<&str, Types> = BTreeMap::new();
    let mut texts: Vec<HashMap<&str, String>> = Vec::new();
    for definitions in all {
        let text = |name: &'_ String| definitions.text(name);
        let own: HashMap<&str, String> = definitions.schemas.keys().map(|name| (name.as_str(), text(name))).collect();
        for (name, text) in &own {
            let known = types.entry(definitions.base(name)).or_default().entry(text.clone()).or_default();
            known.extend(definitions.ids.get(*name));
        }
        texts.push(own);
    }
    let names = chosen(&types);
    let renaming = |(definitions, texts): (&&Definitions, HashMap<&str, String>)| {
        let new = |(name, text): (&str, String)| {
            let new = names.get(&(definitions.base(name), text))?;
            (new != name).then(|| (name.to_owned(), new.clone()))
        };
        texts.into_iter().filter_map(new).collect()
    };
    all.iter().zip(texts).map(renaming).collect()
}

/// The types of one name, by the text of their schema; several ids where equal types are declared several times.
type Types<'d> = BTreeMap<String, BTreeSet<&'d TypeId>>;

/// The name for each type, by its name in code and its text.
fn chosen<'t>(types: &BTreeMap<&'t str, Types<'_>>) -> HashMap<(&'t str, String), String> {
    let mut chosen = HashMap::new();
    let mut taken: BTreeSet<String> = types.keys().map(|base| (*base).to_owned()).collect();
    for (base, same) in types {
        let texts = same.keys().cloned();
        let ids: Vec<Option<&TypeId>> = same.values().map(|ids| ids.first().copied()).collect();
        let names = if same.len() == 1 { vec![(*base).to_owned()] } else { told_apart(base, &ids, &mut taken) };
        chosen.extend(texts.map(|text| (*base, text)).zip(names));
    }
    chosen
}

/// Names for different types that share one. None of them is another type's.
fn told_apart(base: &str, ids: &[Option<&TypeId>], taken: &mut BTreeSet<String>) -> Vec<String> {
    let with_arguments: Vec<String> =
        ids.iter().map(|id| id.map_or_else(|| base.to_owned(), |id| id.with_arguments(base))).collect();
    let mut names: Vec<String> = Vec::new();
    for (position, (name, id)) in with_arguments.iter().zip(ids).enumerate() {
        let is_alike = |other: &usize| *other != position && with_arguments[*other] == *name;
        let alike: Vec<usize> = (0..ids.len()).filter(is_alike).collect();
        let name = match id {
            Some(id) if !alike.is_empty() => {
                id.with_module(name, &alike.iter().filter_map(|other| ids[*other]).collect::<Vec<_>>())
            }
            _ => name.clone(),
        };
        let is_own = name == base && !names.contains(&name);
        names.push(if is_own { name } else { free(name, taken) });
    }
    names
}

/// The name, with a number where another type has it.
fn free(name: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2_u64..).map(|number| format!("{name}{number}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
    free.unwrap_or(name)
}

/// Gives all references of a schema their new names.
pub(crate) fn rename(schema: &mut Schema, names: &Renaming) {
    if !names.is_empty() {
        let mut value = std::mem::take(schema).to_value();
        rename_in(&mut value, names);
        *schema = Schema::try_from(value).unwrap_or_default();
    }
}

pub(crate) fn rename_in(schema: &mut Value, names: &Renaming) {
    each_reference(schema, &mut |name| names.get(name).cloned());
}

/// Replaces the names that a schema refers to, where there is another one.
fn each_reference(schema: &mut Value, replace: &mut impl FnMut(&str) -> Option<String>) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| each_reference(item, replace)),
        Value::Object(members) => {
            for (keyword, value) in members {
                match value {
                    Value::String(reference) if keyword == "$ref" => {
                        if let Some(new) = referred(reference).and_then(|name| replace(&name)) {
                            *reference = format!("{PATH}{}", utf8_percent_encode(&escape(&new), ESCAPED));
                        }
                    }
                    value => each_reference(value, replace),
                }
            }
        }
        _ => {}
    }
}

/// The name of the definition that a reference leads to.
pub(crate) fn referred(reference: &str) -> Option<String> {
    let name = percent_decode_str(reference.strip_prefix(PATH)?).decode_utf8_lossy();
    Some(unescape(&name))
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::Value;

    use super::{Definitions, rename, unique};
    use crate::schema::{input, input_generator};

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Page<T> {
        rows: Vec<T>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Order {
        items: Vec<shop::Item>,
    }

    /// Named as schemars would number a second `Item`.
    #[derive(JsonSchema)]
    struct Item2 {}

    mod shop {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema matters")]
        pub(super) struct Item {
            price: u32,
            next: Option<Box<Item>>,
        }
    }

    mod billing {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema matters")]
        pub(super) struct Item {
            amount: f64,
        }
    }

    mod copy {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema matters")]
        pub(super) struct Item {
            amount: f64,
        }
    }

    /// The schema of a tuple of types, and its definitions.
    fn described<T: JsonSchema>() -> (schemars::Schema, Definitions) {
        let mut generator = input_generator();
        (input::<T>(&mut generator), Definitions::take(&mut generator))
    }

    /// What the definitions of each are named in the end. All references lead somewhere.
    fn names<const N: usize>(mut all: [(schemars::Schema, Definitions); N]) -> [Vec<String>; N] {
        let renamings = unique(&all.iter().map(|(_, definitions)| definitions).collect::<Vec<_>>());
        for ((schema, definitions), renaming) in all.iter_mut().zip(renamings) {
            rename(schema, &renaming);
            definitions.rename(&renaming);
        }
        all.map(|(schema, definitions)| {
            let text = format!("{}{}", schema.as_value(), Value::Object(definitions.schemas().clone()));
            for reference in text.split("#/$defs/").skip(1) {
                let (name, _) = reference.split_once('"').unwrap();
                assert!(definitions.schemas().contains_key(name), "{name} of {text}");
            }
            let mut names: Vec<String> = definitions.schemas().keys().cloned().collect();
            names.sort();
            names
        })
    }

    #[test]
    fn a_name_that_one_type_has_stays() {
        let [first, second] = names([described::<(Order, Item2)>(), described::<shop::Item>()]);
        assert_eq!((first, second), (vec!["Item".into(), "Item2".into(), "Order".into()], vec!["Item".to_owned()]));
    }

    #[test]
    fn type_arguments_tell_types_apart() {
        let expected = [vec!["Item2", "PageOfBoolean", "PageOfItem2"], vec!["PageOfBoolean"]];
        assert_eq!(names([described::<(Page<Item2>, Page<bool>)>(), described::<Page<bool>>()]), expected);
        assert_eq!(names([described::<Page<bool>>(), described::<(Page<bool>, Page<Item2>)>()])[0], expected[1]);
    }

    #[test]
    fn modules_tell_types_apart_whatever_schemars_numbered() {
        let [both, first, second, nested] = names([
            described::<(billing::Item, shop::Item)>(),
            described::<shop::Item>(),
            described::<copy::Item>(),
            described::<(Order, Item2)>(),
        ]);
        assert_eq!(both, ["BillingItem", "ShopItem"]);
        assert_eq!((first, second), (vec!["ShopItem".to_owned()], vec!["BillingItem".to_owned()]));
        assert_eq!(nested, ["Item2", "Order", "ShopItem"]);
    }

    #[test]
    fn types_of_which_no_more_is_known_get_numbers() {
        fn one() -> (schemars::Schema, Definitions) {
            #[derive(JsonSchema)]
            struct Local {}
            described::<Local>()
        }
        fn other() -> (schemars::Schema, Definitions) {
            #[derive(JsonSchema)]
            struct Local(#[expect(dead_code, reason = "only its schema matters")] bool);
            described::<Local>()
        }
        let [first, second] = names([one(), other()]);
        let [second_again, first_again] = names([other(), one()]);
        assert_eq!((&first, &second), (&first_again, &second_again));
        assert_ne!(first, second);
    }
}
