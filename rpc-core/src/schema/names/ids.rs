//! What schemars knows of a type beside its name: the module, and the type arguments.

use std::collections::HashMap;

use schemars::SchemaGenerator;

/// The id of a type as its `JsonSchema` gives it: `shop::Page<shop::Order>` where it is derived, often a bare name where not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TypeId(String);

/// The ids behind the names that a generator has given.
///
/// A generator shows them in its `Debug` form only. Where that changes, nothing is found, and numbers tell types apart.
pub(super) fn of(generator: &SchemaGenerator) -> HashMap<String, TypeId> {
    let shown = format!("{generator:?}");
    let Some((_, mut rest)) = shown.split_once("schema_id_to_name: {") else { return HashMap::new() };
    let mut ids = HashMap::new();
    while let Some((id, name, after)) = entry(rest) {
        ids.insert(name, TypeId(id));
        rest = after.strip_prefix(", ").unwrap_or_default();
    }
    ids
}

/// Id and name of the first entry, `SchemaUid("id", Contract): "name"`, and what follows it.
fn entry(text: &str) -> Option<(String, String, &str)> {
    let (id, rest) = quoted(text.strip_prefix("SchemaUid(")?)?;
    let (_, rest) = rest.split_once("): ")?;
    let (name, rest) = quoted(rest)?;
    Some((id, name, rest))
}

/// The text in quotes at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut unquoted = String::new();
    let mut chars = inside.char_indices();
    while let Some((position, char)) = chars.next() {
        match char {
            '"' => return Some((unquoted, &inside[position + 1..])),
            '\\' => unquoted.push(chars.next()?.1),
            _ => unquoted.push(char),
        }
    }
    None
}

impl TypeId {
    /// The path without type arguments, and these.
    fn parts(&self) -> (&str, &str) {
        self.0.split_once('<').unwrap_or((&self.0, ""))
    }

    /// The name in code, without module and type arguments.
    pub(super) fn name(&self) -> &str {
        let (path, _) = self.parts();
        path.rsplit("::").next().unwrap_or(path)
    }

    /// The modules that the type is in, outermost first; the first is the crate.
    fn modules(&self) -> Vec<&str> {
        let (path, _) = self.parts();
        let mut modules: Vec<&str> = path.split("::").collect();
        modules.pop();
        modules
    }

    /// A name with those of the type arguments: `PageOfOrder`.
    pub(super) fn with_arguments(&self, name: &str) -> String {
        let (_, arguments) = self.parts();
        let arguments = arguments.replace('[', " Array ");
        let paths = arguments.split(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | ':')));
        let words: String =
            paths.filter_map(|path| path.rsplit("::").next()).filter(|word| !word.is_empty()).map(capital).collect();
        if words.is_empty() { name.to_owned() } else { format!("{name}Of{words}") }
    }

    /// A name after as many modules as none of the other types is in, from the innermost out: `ShopItem`.
    pub(super) fn with_module(&self, name: &str, others: &[&TypeId]) -> String {
        let modules = self.modules();
        let inner = |count: usize| modules.len().checked_sub(count).map(|from| &modules[from..]);
        let tells = |count: &usize| others.iter().all(|other| !other.modules().ends_with(inner(*count).unwrap_or(&[])));
        let count = (1..=modules.len()).find(tells).unwrap_or(modules.len());
        let words: String = inner(count).unwrap_or_default().iter().copied().map(capital).collect();
        format!("{words}{name}")
    }
}

/// `order_items` as `OrderItems`.
fn capital(word: &str) -> String {
    let parts = word.split('_').map(|part| {
        let mut chars = part.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    use super::{TypeId, of};
    use crate::schema::input_generator;

    fn id(text: &str) -> TypeId {
        TypeId(text.to_owned())
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Page<T> {
        rows: Vec<T>,
    }

    #[derive(JsonSchema)]
    #[schemars(rename = "a \"quoted\" name")]
    struct Odd {}

    #[test]
    fn a_generator_tells_the_ids_behind_its_names() {
        let mut generator = input_generator();
        generator.subschema_for::<Page<Odd>>();
        generator.subschema_for::<Page<bool>>();
        generator.take_definitions(true);
        let ids = of(&generator);
        let module = module_path!();
        assert_eq!(ids.len(), 3);
        assert_eq!(ids["Page"], id(&format!("{module}::Page<{module}::a \"quoted\" name>")));
        assert_eq!(ids["Page2"], id(&format!("{module}::Page<boolean>")));
        assert_eq!(ids["a \"quoted\" name"].name(), "a \"quoted\" name");
    }

    #[test]
    fn names_grow_by_arguments_and_modules() {
        for (text, expected) in [
            ("shop::Page<shop::Order>", "PageOfOrder"),
            ("shop::Page<[shop::big_order]>", "PageOfArrayBigOrder"),
            ("shop::Page<Option<boolean>>", "PageOfOptionBoolean"),
            ("shop::Page", "Page"),
        ] {
            assert_eq!(id(text).with_arguments("Page"), expected);
        }
        let [shop, bill, deep, bare] = ["shop::Item", "billing::Item", "billing::shop::Item", "Item"].map(id);
        assert_eq!(shop.with_module("Item", &[&bill]), "ShopItem");
        assert_eq!(deep.with_module("Item", &[&shop]), "BillingShopItem");
        assert_eq!(bare.with_module("Item", &[&shop]), "Item");
    }
}
