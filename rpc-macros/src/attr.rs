//! The keys of an attribute: a list of `key` and `key = value`, read piece by piece so that one wrong piece hides no other.

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod method;
pub(crate) mod module;
pub(crate) mod param;
pub(crate) mod read;
pub(crate) mod rule;
pub(crate) mod who;

use std::ops::RangeInclusive;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use rpc_grammar::nearest::nearest;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitBool, LitInt, LitStr, Meta, Path, Token, Type};

use crate::docs::{self, Docs};
use crate::fault::{Fault, Faults};
use crate::grammar::path::{self, PathKind};

/// The keys that a macro knows.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The macro, as people write it.
    pub(crate) of: &'static str,
    pub(crate) names: &'static [&'static str],
    /// What may stand in the list besides, in the words of the help text; mostly nothing.
    pub(crate) besides: &'static str,
}

impl Keys {
    /// The help text that lists the keys.
    pub(crate) fn expected(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        let quantity = if names.len() == 1 { "" } else { "one of " };
        format!("expected {quantity}{}{}", names.join(", "), self.besides)
    }

    /// The fault of a key that is not among them.
    pub(crate) fn unknown(&self, key: &str) -> Fault {
        let help = match nearest(key, self.names) {
            Some(near) => format!("did you mean `{near}`? {}", self.expected()),
            None => self.expected(),
        };
        Fault::new(format!("`{}` has no key `{key}`", self.of), help)
    }

    /// The fault of a piece that is not a key, with or without a value.
    fn no_key(&self) -> Fault {
        Fault::new(format!("`{}` takes keys: `key` or `key = value`", self.of), self.expected())
    }

    /// The key that a piece without the form of one was probably meant to be.
    fn meant_by(&self, piece: TokenStream) -> Option<&'static str> {
        match (self.names, piece.into_iter().next()) {
            ([only], _) => Some(only),
            (names, Some(TokenTree::Ident(first))) => nearest(&first.to_string(), names),
            _ => None,
        }
    }

    fn repeated(&self, key: &str) -> Fault {
        Fault::new(format!("`{}` has the key `{key}` twice", self.of), "remove one of them")
    }
}

/// A known key with its value, if it has one.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) key: Ident,
    value: Option<TokenStream>,
}

/// A text: written in place, or in a constant that the compiler knows.
#[derive(Clone)]
pub(crate) enum Text {
    Literal(LitStr),
    Constant(Path),
}

impl Text {
    pub(crate) fn literal(&self) -> Option<&LitStr> {
        match self {
            Self::Literal(literal) => Some(literal),
            Self::Constant(_) => None,
        }
    }

    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }
}

impl Parse for Text {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        match input.fork().parse::<LitStr>() {
            Ok(_) => input.parse().map(Self::Literal),
            Err(_) => input.parse().map(Self::Constant),
        }
    }
}

impl ToTokens for Text {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Constant(path) => path.to_tokens(tokens),
        }
    }
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = Ident::parse_any(input)?;
        if input.is_empty() {
            return Ok(Self { key, value: None });
        }
        input.parse::<Token![=]>()?;
        Ok(Self { key, value: Some(input.parse()?) })
    }
}

/// Splits a list at its commas, but for those between angle brackets; the pieces are not empty.
pub(crate) fn pieces(tokens: TokenStream, keys: &Keys, faults: &mut Faults) -> Vec<TokenStream> {
    let mut pieces = vec![TokenStream::new()];
    let mut brackets = Brackets::of(tokens.clone());
    for token in tokens {
        brackets.pass(&token);
        match (&token, pieces.last_mut()) {
            (TokenTree::Punct(punct), Some(last)) if punct.as_char() == ',' && brackets.open == 0 => {
                if last.is_empty() {
                    faults.on(&token, &keys.no_key());
                } else {
                    pieces.push(TokenStream::new());
                }
            }
            (_, Some(last)) => last.extend([token]),
            (_, None) => {}
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The pieces of all attributes with a name, `#[read(…)]`.
fn all_pieces(name: &str, attributes: &[Attribute], keys: &Keys, faults: &mut Faults) -> Vec<TokenStream> {
    let mut all = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        match &attribute.meta {
            Meta::List(list) => all.extend(pieces(list.tokens.clone(), keys, faults)),
            _ => faults.on(attribute, &keys.no_key()),
        }
    }
    all
}

/// The texts and the keys of an input that begins with a doc comment. `None`: it does not even begin so.
fn documented(tokens: TokenStream, faults: &mut Faults) -> Option<(Docs, TokenStream)> {
    let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?));
    let (attributes, keys) = split.parse2(tokens).map_err(|error| faults.syntax(error)).ok()?;
    Some((docs::split(&docs::text(&attributes, faults)), keys))
}

/// The angle brackets around a place. One that is never closed is none.
struct Brackets {
    open: usize,
    closing_ahead: usize,
}

impl Brackets {
    fn of(tokens: TokenStream) -> Self {
        Self { open: 0, closing_ahead: tokens.into_iter().filter(|token| is_punct(token, '>')).count() }
    }

    fn pass(&mut self, token: &TokenTree) {
        if is_punct(token, '>') {
            self.closing_ahead -= 1;
            self.open = self.open.saturating_sub(1);
        } else if is_punct(token, '<') && self.open < self.closing_ahead {
            self.open += 1;
        }
    }
}

fn is_punct(token: &TokenTree, expected: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == expected)
}

/// The known keys of a list, each at most once.
#[derive(Default)]
pub(crate) struct Pairs {
    pub(crate) list: Vec<Pair>,
    /// Keys that were meant by pieces that are at fault already.
    meant: Vec<&'static str>,
    /// Some piece was no known key.
    pub(crate) refused: bool,
}

impl Pairs {
    /// Reads a list.
    pub(crate) fn read(tokens: TokenStream, keys: &Keys, faults: &mut Faults) -> Self {
        let mut pairs = Self::default();
        for piece in pieces(tokens, keys, faults) {
            pairs.push(piece, keys, faults);
        }
        pairs
    }

    /// Reads one piece of a list, and adds it if it is a known key that is not there yet.
    pub(crate) fn push(&mut self, piece: TokenStream, keys: &Keys, faults: &mut Faults) {
        let Ok(pair) = syn::parse2::<Pair>(piece.clone()) else {
            self.refused = true;
            faults.on(&piece, &keys.no_key());
            self.meant.extend(keys.meant_by(piece));
            return;
        };
        let key = pair.key.to_string();
        if !keys.names.contains(&key.as_str()) {
            self.refused = true;
            faults.on(&pair.key, &keys.unknown(&key));
            self.meant.extend(nearest(&key, keys.names));
        } else if self.list.iter().any(|earlier| earlier.key == pair.key) {
            faults.on(&pair.key, &keys.repeated(&key));
        } else {
            self.list.push(pair);
        }
    }

    /// Reports a required key that is missing, unless a piece at fault was meant to be it.
    pub(crate) fn require(&self, key: &str, example: &str, keys: &Keys, faults: &mut Faults) {
        if !self.meant.contains(&key) && !self.list.iter().any(|pair| pair.key == key) {
            let fault = Fault::new(format!("`{}` needs the key `{key}`", keys.of), format!("write `{example}`"));
            faults.at(Span::call_site(), &fault);
        }
    }
}

impl Pair {
    /// The location of a key that says something just by being there.
    pub(crate) fn flag(&self, faults: &mut Faults) -> Option<Span> {
        if let Some(value) = &self.value {
            let fault =
                Fault::new(format!("`{}` takes no value", self.key), format!("write `{}`, or leave it out", self.key));
            faults.on(self.value_or_key(value), &fault);
            return None;
        }
        Some(self.key.span())
    }

    pub(crate) fn string(&self, example: &str, faults: &mut Faults) -> Option<LitStr> {
        self.value("a string literal", example, <LitStr as Parse>::parse, faults)
    }

    pub(crate) fn boolean(&self, example: &str, faults: &mut Faults) -> Option<bool> {
        self.value("`true` or `false`", example, <LitBool as Parse>::parse, faults).map(|literal| literal.value)
    }

    pub(crate) fn integer(&self, range: RangeInclusive<u32>, example: &str, faults: &mut Faults) -> Option<u32> {
        let literal = self.value("a whole number", example, <LitInt as Parse>::parse, faults)?;
        let number = literal.base10_parse().ok().filter(|number| literal.suffix().is_empty() && range.contains(number));
        if number.is_none() {
            let help = format!("write a whole number from {} to {}", range.start(), range.end());
            faults.on(&literal, &Fault::new(format!("`{}` cannot be `{literal}`", self.key), help));
        }
        number
    }

    /// A whole number of 32 bits, with or without a sign.
    pub(crate) fn number(&self, example: &str, faults: &mut Faults) -> Option<i32> {
        let parse = |input: ParseStream<'_>| {
            let sign = input.parse::<Option<Token![-]>>()?.map_or("", |_| "-");
            format!("{sign}{}", input.parse::<LitInt>()?).parse::<i32>().map_err(|error| input.error(error))
        };
        self.value("a whole number of 32 bits", example, parse, faults)
    }

    pub(crate) fn texts(&self, example: &str, faults: &mut Faults) -> Option<Vec<Text>> {
        self.value("a list of string literals or constants", example, parse_texts, faults)
    }

    /// A path. The compiler checks one that a constant holds.
    pub(crate) fn path(&self, kind: PathKind, example: &str, faults: &mut Faults) -> Option<Text> {
        let text = self.value("a string literal or a constant", example, <Text as Parse>::parse, faults)?;
        if let Some(literal) = text.literal() {
            faults.take(literal, path::check(&literal.value(), kind));
        }
        Some(text)
    }

    pub(crate) fn ty(&self, example: &str, faults: &mut Faults) -> Option<Type> {
        self.value("a type", example, <Type as Parse>::parse, faults)
    }

    /// A text in one of the grammars.
    pub(crate) fn text<T>(
        &self,
        example: &str,
        grammar: impl FnOnce(&str) -> Result<T, Fault>,
        faults: &mut Faults,
    ) -> Option<T> {
        let literal = self.string(example, faults)?;
        faults.take(&literal, grammar(&literal.value()))
    }

    fn value<T>(
        &self,
        kind: &str,
        example: &str,
        parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
        faults: &mut Faults,
    ) -> Option<T> {
        let value = self.value.clone().unwrap_or_default();
        let place = self.value_or_key(&value);
        let fault = || Fault::new(format!("the value of `{}` is {kind}", self.key), format!("write `{example}`"));
        faults.take(place, parse.parse2(value).map_err(|_| fault()))
    }

    /// The location of the value, or of the key where there is none.
    fn value_or_key(&self, value: &TokenStream) -> TokenStream {
        if value.is_empty() { self.key.to_token_stream() } else { quote!(#value) }
    }
}

fn parse_texts(input: ParseStream<'_>) -> syn::Result<Vec<Text>> {
    let content;
    syn::bracketed!(content in input);
    let list = Punctuated::<Text, Token![,]>::parse_terminated(&content)?;
    Ok(list.into_iter().collect())
}
