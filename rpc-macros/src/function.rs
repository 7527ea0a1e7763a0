//! The annotated function: its head is parsed, its body stays as it was written.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, Signature, Visibility};

use crate::attr::param;
use crate::docs;

/// A function whose body was not parsed, so that its syntax errors are the compiler's own.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Function {
    /// Whether it is a declaration only, as in a trait.
    pub(crate) fn lacks_body(&self) -> bool {
        !matches!(self.body.clone().into_iter().next(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
    }

    /// Whether it stands in an `impl` or a trait, where no other items can be put beside it.
    pub(crate) fn is_associated(&self) -> bool {
        self.signature.receiver().is_some() || self.names_self() || self.lacks_body()
    }

    /// Whether its head names `Self`, which is something in an `impl` or a trait only.
    pub(crate) fn names_self(&self) -> bool {
        holds_ident(self.signature.to_token_stream(), "Self")
    }
}

/// The function as it was written, but for what only the macro reads: doc comments and `#[param]` on arguments.
impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mut signature = self.signature.clone();
        for argument in &mut signature.inputs {
            let attributes = match argument {
                FnArg::Receiver(receiver) => &mut receiver.attrs,
                FnArg::Typed(typed) => &mut typed.attrs,
            };
            attributes.retain(|attribute| !param::is_param(attribute) && !docs::is_doc(attribute));
        }
        tokens.append_all(&self.attributes);
        self.visibility.to_tokens(tokens);
        signature.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

/// Whether tokens hold a word.
pub(crate) fn holds_ident(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => holds_ident(group.stream(), word),
        _ => false,
    })
}

/// Whether tokens that are not a [`Function`] for this crate are a function for the compiler.
pub(crate) fn looks_like_function(input: ParseStream<'_>) -> syn::Result<bool> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    let mut is_function = false;
    while let Ok(token) = input.parse::<TokenTree>() {
        is_function |= matches!(&token, TokenTree::Ident(ident) if ident == "fn");
        if matches!(token, TokenTree::Group(_)) {
            break;
        }
    }
    input.parse::<TokenStream>()?;
    Ok(is_function)
}

/// The item without the attributes on its arguments that only the macro reads; for an item that could not be parsed.
pub(crate) fn stripped(item: TokenStream) -> TokenStream {
    let mut after_fn = false;
    let strip = |token: TokenTree| match token {
        TokenTree::Ident(ident) if ident == "fn" => {
            after_fn = true;
            TokenTree::Ident(ident)
        }
        TokenTree::Group(group) if after_fn && group.delimiter() == Delimiter::Parenthesis => {
            after_fn = false;
            let mut arguments = Group::new(Delimiter::Parenthesis, without_attributes(group.stream()));
            arguments.set_span(group.span());
            TokenTree::Group(arguments)
        }
        other => other,
    };
    item.into_iter().map(strip).collect()
}

fn without_attributes(tokens: TokenStream) -> TokenStream {
    let mut kept = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_pound = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        match tokens.peek() {
            Some(TokenTree::Group(group)) if is_pound && is_ours(group) => drop(tokens.next()),
            _ => kept.append(token),
        }
    }
    kept
}

fn is_ours(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    let name = |ident: &proc_macro2::Ident| ident == param::PARAM || ident == "doc";
    group.delimiter() == Delimiter::Bracket && matches!(first, Some(TokenTree::Ident(ident)) if name(&ident))
}
