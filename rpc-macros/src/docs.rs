//! Doc comments: a title and a description.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::fault::{Fault, Faults};

/// The text of a documented item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Docs {
    /// The first paragraph, on one line.
    pub(crate) title: String,
    /// The rest: Markdown.
    pub(crate) description: String,
}

/// Whether the attribute is a line of a doc comment, not `#[doc(…)]`.
pub(crate) fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc") && matches!(attribute.meta, Meta::NameValue(_))
}

/// The text of the doc comments among `attributes`, without the indentation that all lines share.
pub(crate) fn text(attributes: &[Attribute], faults: &mut Faults) -> String {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| is_doc(attribute)) {
        let Meta::NameValue(pair) = &attribute.meta else {
            continue;
        };
        match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => lines.extend(comment_lines(&text.value())),
            other => faults.on(
                other,
                &Fault::new("the text of the documents is not a literal", "write it as a doc comment: `///`"),
            ),
        }
    }
    unindented(lines).join("\n")
}

/// Splits a text into its first paragraph, as the title, and the rest.
pub(crate) fn split(text: &str) -> Docs {
    let mut lines = text.lines();
    let title: Vec<&str> = lines.by_ref().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let description: Vec<&str> = lines.skip_while(|line| line.trim().is_empty()).collect();
    Docs { title: title.join(" "), description: description.join("\n") }
}

/// The lines of one comment; those of a block comment without the stars at their beginning.
fn comment_lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let starred = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('*');
    let is_block = lines.len() > 1 && lines[1..].iter().any(|line| !line.trim().is_empty());
    if !is_block || !lines[1..].iter().all(starred) {
        return lines.into_iter().map(str::to_owned).collect();
    }
    let unstarred = |line: &&str| line.trim_start().strip_prefix('*').unwrap_or_default().to_owned();
    std::iter::once(lines[0].to_owned()).chain(lines[1..].iter().map(unstarred)).collect()
}

/// The lines without shared indentation, and without blank lines at both ends.
fn unindented(lines: Vec<String>) -> Vec<String> {
    let is_blank = |line: &String| line.trim().is_empty();
    let indentation = |line: &String| line.len() - line.trim_start_matches(' ').len();
    let shared = lines.iter().filter(|line| !is_blank(line)).map(indentation).min().unwrap_or_default();
    let end = lines.iter().rposition(|line| !is_blank(line)).map_or(0, |last| last + 1);
    let lines = lines.into_iter().take(end).skip_while(is_blank);
    lines.map(|line| if is_blank(&line) { String::new() } else { line[shared..].to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse::Parser;

    use super::*;

    fn docs(tokens: proc_macro2::TokenStream) -> Docs {
        let attributes = Attribute::parse_outer.parse2(tokens).expect("attributes");
        let mut faults = Faults::default();
        let docs = split(&text(&attributes, &mut faults));
        assert!(faults.finish().is_ok());
        docs
    }

    #[test]
    fn the_first_paragraph_is_the_title_and_the_rest_the_description() {
        let docs = docs(quote! {
            /// Set user
            /// enabled.
            ///
            ///
            /// - a list
            ///   - with another
            ///
            ///       code
            ///
        });
        assert_eq!(docs.title, "Set user enabled.");
        assert_eq!(docs.description, "- a list\n  - with another\n\n      code");
    }

    #[test]
    fn only_the_shared_indentation_is_stripped() {
        let docs = docs(quote! {
            ///     Title
            ///
            ///    three
            ///  one
        });
        assert_eq!(docs.title, "Title");
        assert_eq!(docs.description, "  three\none");
    }

    #[test]
    fn attributes_and_block_comments_are_read_too() {
        assert_eq!(docs(quote!(#[doc = "Title\n\nText"])).description, "Text");
        let block = docs(quote!(#[doc = "\n * Title\n *\n * Text\n *   more\n "]));
        assert_eq!(block, Docs { title: "Title".to_owned(), description: "Text\n  more".to_owned() });
        let plain = docs(quote!(#[doc = "\n    Title\n\n    * item\n      text\n"]));
        assert_eq!(plain.description, "* item\n  text");
    }

    #[test]
    fn no_comment_and_a_blank_one_have_no_title() {
        assert_eq!(docs(quote!()), Docs::default());
        assert_eq!(docs(quote!(#[doc(hidden)] #[doc = " "])), Docs::default());
    }
}
