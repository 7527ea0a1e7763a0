//! What one file defines, imports and mentions, as its tokens say.

use std::iter::Peekable;
use std::vec::IntoIter;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path somewhere in a file.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// A module that a file declares.
#[derive(Debug)]
pub(crate) enum Child {
    Inline(String, Imports),
    File(String),
}

/// The names of a module and what it reaches for. Tests are left out.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    /// Items that are defined here.
    pub(crate) items: Vec<String>,
    /// Names that `use` brings in, with their paths; `*` where it is all.
    pub(crate) uses: Vec<(String, Vec<String>)>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) children: Vec<Child>,
}

type Tokens = Peekable<IntoIter<TokenTree>>;

/// Keywords before the name of an item.
const ITEMS: &[&str] = &["struct", "enum", "trait", "fn", "const", "static", "type", "union", "macro_rules"];

impl Imports {
    pub(crate) fn of(tokens: TokenStream) -> Self {
        let mut imports = Self::default();
        imports.walk(tokens, true);
        imports
    }

    /// Reads tokens; only those of the module itself, and not of a body in it, define its items.
    fn walk(&mut self, tokens: TokenStream, of_the_module: bool) {
        let mut tokens = tokens.into_iter().collect::<Vec<_>>().into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    let Some(TokenTree::Group(attribute)) = tokens.next_if(|next| is_group(next, Delimiter::Bracket))
                    else {
                        continue;
                    };
                    match is_for_tests(&attribute) {
                        true => skip_item(&mut tokens),
                        false => self.walk(attribute.stream(), false),
                    }
                }
                TokenTree::Group(group) => self.walk(group.stream(), false),
                TokenTree::Ident(word) => match word.to_string().as_str() {
                    "use" => self.read_use(&mut tokens, &[]),
                    "mod" if of_the_module => self.read_module(&mut tokens),
                    keyword if ITEMS.contains(&keyword) => {
                        tokens.next_if(|next| is_mark(next, '!'));
                        let name = tokens.next_if(|next| matches!(next, TokenTree::Ident(_)));
                        self.items.extend(name.filter(|_| of_the_module).map(|name| name.to_string()));
                    }
                    first => {
                        let path = rest_of_path(first, &mut tokens);
                        self.mentions.push(Mention { path, line: word.span().start().line });
                    }
                },
                TokenTree::Punct(_) | TokenTree::Literal(_) => (),
            }
        }
    }

    fn read_module(&mut self, tokens: &mut Tokens) {
        let Some(name) = tokens.next().map(|name| name.to_string()) else { return };
        self.children.push(match tokens.next() {
            Some(TokenTree::Group(body)) => Child::Inline(name, Self::of(body.stream())),
            _ => Child::File(name),
        });
    }

    /// Reads one tree of a `use`, up to the comma or semicolon after it.
    fn read_use(&mut self, tokens: &mut Tokens, prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut line = 0;
        let mut alias = None;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => alias = tokens.next().map(|name| name.to_string()),
                TokenTree::Ident(word) => {
                    line = word.span().start().line;
                    path.push(word.to_string());
                }
                TokenTree::Group(group) => {
                    let mut inner = group.stream().into_iter().collect::<Vec<_>>().into_iter().peekable();
                    while inner.peek().is_some() {
                        self.read_use(&mut inner, &path);
                    }
                    path.clear();
                }
                TokenTree::Punct(mark) if mark.as_char() == '*' => path.push("*".to_owned()),
                TokenTree::Punct(mark) if matches!(mark.as_char(), ',' | ';') => break,
                TokenTree::Punct(_) | TokenTree::Literal(_) => (),
            }
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(name) = alias.or_else(|| path.last().cloned()) else { return };
        self.mentions.push(Mention { path: path.clone(), line });
        self.uses.push((name, path));
    }
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// Whether an attribute is `#[cfg(test)]`, or `#[test]`.
fn is_for_tests(attribute: &Group) -> bool {
    matches!(attribute.stream().to_string().replace(' ', "").as_str(), "cfg(test)" | "test")
}

/// Leaves out what an attribute stands before.
fn skip_item(tokens: &mut Tokens) {
    let is_use = loop {
        match tokens.peek() {
            Some(TokenTree::Ident(word)) if word == "pub" => _ = tokens.next(),
            Some(token) if is_mark(token, '#') || is_group(token, Delimiter::Bracket) => _ = tokens.next(),
            Some(token) if is_group(token, Delimiter::Parenthesis) => _ = tokens.next(),
            next => break next.is_some_and(|next| next.to_string() == "use"),
        }
    };
    for token in tokens.by_ref() {
        if is_mark(&token, ';') || !is_use && is_group(&token, Delimiter::Brace) {
            return;
        }
    }
}

/// The path that begins with a word.
fn rest_of_path(first: &str, tokens: &mut Tokens) -> Vec<String> {
    let mut path = vec![first.to_owned()];
    while tokens.next_if(|next| is_mark(next, ':')).is_some() && tokens.next_if(|next| is_mark(next, ':')).is_some() {
        match tokens.next_if(|next| matches!(next, TokenTree::Ident(_))) {
            Some(word) => path.push(word.to_string()),
            None => break,
        }
    }
    path
}
