//! The arguments of a method: who provides them, and under what name.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Pat, PatType, Type};

use crate::attr::param::{self, ParamAttr};
use crate::attr::rule::Rules;
use crate::docs;
use crate::fault::{Fault, Faults};
use crate::function::holds_ident;

/// An argument of the function.
pub(crate) enum Argument {
    /// Taken by value: from the caller.
    Param(Param),
    /// `&T`, with its `T`: from the application.
    Reference(Type),
    /// Another type that holds a reference: from the application.
    Injected(Type),
}

/// A positional parameter.
pub(crate) struct Param {
    /// The public name.
    pub(crate) name: String,
    /// Where the name comes from.
    pub(crate) span: Span,
    pub(crate) description: String,
    pub(crate) style: Style,
    pub(crate) rules: Rules,
    pub(crate) ty: Type,
}

/// How the documents show a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Nullable,
    Opaque,
}

impl Argument {
    /// Reads an argument; what is wrong becomes a fault.
    pub(crate) fn read(argument: &PatType, faults: &mut Faults) -> Self {
        check_attributes(&argument.attrs, faults);
        let ty = Type::clone(&argument.ty);
        check_type(&ty, faults);
        let attr = ParamAttr::read(&argument.attrs, faults);
        if holds_reference(ty.to_token_stream()) {
            check_injected(&argument.attrs, &attr, faults);
            return match bare(ty) {
                Type::Reference(reference) => Self::Reference(*reference.elem),
                other => Self::Injected(other),
            };
        }
        let (name, span) = public_name(&argument.pat, &attr, faults);
        let description = docs::text(&argument.attrs, faults);
        let style = style(&attr, faults);
        Self::Param(Param { name, span, description, style, rules: attr.rules, ty })
    }
}

/// The type without parentheses, and without the group that a macro puts around it.
fn bare(ty: Type) -> Type {
    match ty {
        Type::Paren(inner) => bare(*inner.elem),
        Type::Group(inner) => bare(*inner.elem),
        other => other,
    }
}

/// Whether the tokens of a type hold a `&`.
fn holds_reference(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '&',
        TokenTree::Group(group) => holds_reference(group.stream()),
        _ => false,
    })
}

/// The names of the lifetimes in the tokens of a type.
fn lifetimes(tokens: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut after_quote = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(ident) if after_quote => names.push(ident.to_string()),
            TokenTree::Group(group) => names.extend(lifetimes(group.stream())),
            _ => {}
        }
        after_quote = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
    }
    names
}

fn check_attributes(attributes: &[Attribute], faults: &mut Faults) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        let help = "write `#[cfg]` on the whole function, once with and once without the argument";
        faults.on(attribute, &Fault::new("an argument of an API method cannot be conditional", help));
    }
}

fn check_type(ty: &Type, faults: &mut Faults) {
    let tokens = ty.to_token_stream();
    let is_reference = holds_reference(tokens.clone());
    let lifetimes = lifetimes(tokens.clone());
    if lifetimes.iter().any(|name| name != "_" && name != "static") {
        // It was declared, and `check` refuses generics, or it was not, which the compiler says.
        faults.left_to_the_compiler();
    }
    let fault = if holds_ident(tokens.clone(), "impl") {
        Fault::new("an argument of an API method has a concrete type", "write the type in place of `impl …`")
    } else if is_reference && holds_ident(tokens, "mut") {
        Fault::new(
            "an injected argument is shared, so it cannot be `&mut`",
            "take `&T`, and keep what changes in `T` behind a lock or an atomic",
        )
    } else if is_reference && lifetimes.iter().any(|name| name == "static") {
        Fault::new(
            "an injected argument is borrowed for the call, so it cannot be `&'static`",
            "leave out the lifetime",
        )
    } else {
        return;
    };
    faults.on(ty, &fault);
}

/// What only the documents of parameters show is of no use on an injected argument.
fn check_injected(attributes: &[Attribute], attr: &ParamAttr, faults: &mut Faults) {
    for attribute in &attr.spans {
        let help = "take the argument by value, or remove the attribute";
        faults
            .on(attribute, &Fault::new("`#[param]` is for what the caller sends, and this argument is injected", help));
    }
    if let Some(attribute) = attributes.iter().find(|attribute| docs::is_doc(attribute)) {
        let help = "write a plain comment: `//`";
        faults
            .on(attribute, &Fault::new("an injected argument is not shown to callers, so it has no doc comment", help));
    }
}

/// The name in `#[param(name = "…")]`, or that of the Rust argument without leading underscores.
fn public_name(pattern: &Pat, attr: &ParamAttr, faults: &mut Faults) -> (String, Span) {
    if let Some(name) = &attr.name {
        return (name.value(), name.span());
    }
    let ident = match pattern {
        Pat::Ident(pattern) => pattern.ident.unraw().to_string(),
        _ => String::new(),
    };
    let name = ident.trim_start_matches('_');
    if name.is_empty() {
        let help = format!("write `#[{}(name = \"…\")]` before it", param::PARAM);
        faults.on(pattern, &Fault::new("the parameter has no name to show to callers", help));
    }
    (name.to_owned(), pattern.span())
}

fn style(attr: &ParamAttr, faults: &mut Faults) -> Style {
    if let (Some(nullable), Some(_)) = (attr.nullable, &attr.rules.default) {
        let help = "remove `nullable`, or `default`";
        faults.at(nullable, &Fault::new("`null` means the default, so it has no meaning of its own to show", help));
    }
    match (attr.nullable, attr.opaque) {
        (None, None) => Style::Plain,
        (Some(_), None) => Style::Nullable,
        (None, Some(_)) => Style::Opaque,
        (Some(_), Some(opaque)) => {
            let help = "keep one: `nullable` shows that `null` has a meaning, `opaque` shows an object without detail";
            faults.at(opaque, &Fault::new("a parameter is either `nullable` or `opaque`", help));
            Style::Plain
        }
    }
}
