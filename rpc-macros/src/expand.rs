//! What the macros leave in the user's code.

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod method;
pub(crate) mod module;
pub(crate) mod read;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use crate::attr::Text;
use crate::attr::who::Who;
use crate::fault::Faults;
use crate::grammar::name::WhoKind;
use crate::grammar::path::PathKind;

/// The expansion of a macro without an item: what it declares, or its faults.
fn declaration<D>(
    input: TokenStream,
    read: fn(TokenStream, &mut Faults) -> Option<D>,
    check: fn(&D, &mut Faults),
    print: fn(&D) -> TokenStream,
) -> TokenStream {
    let mut faults = Faults::default();
    let declared = read(input, &mut faults);
    if let Some(declared) = &declared {
        check(declared, &mut faults);
    }
    match faults.finish() {
        Ok(()) => declared.as_ref().map(print).unwrap_or_default(),
        Err(errors) => errors,
    }
}

/// The path of `rpc-core` in the user's crate, which may call it otherwise.
fn core_path() -> TokenStream {
    let name = match crate_name("rpc-core") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "rpc_core".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote!(::#name)
}

/// A path; the compiler checks one that a constant holds.
fn path(text: Option<&Text>, kind: PathKind, core: &TokenStream) -> TokenStream {
    let check = match kind {
        PathKind::Method => quote!(method_path),
        PathKind::Module => quote!(module_path),
        PathKind::Event => quote!(event_name),
    };
    text.map(|text| checked(text, &check, core)).unwrap_or_else(|| quote!(""))
}

/// A list of people; the compiler checks the names that constants hold.
fn names(who: Option<&Who>, core: &TokenStream) -> TokenStream {
    let check = match who.map(|who| who.kind) {
        Some(WhoKind::Audience) => quote!(audience),
        _ => quote!(permission),
    };
    let names = who.iter().flat_map(|who| &who.names).map(|name| checked(name, &check, core));
    quote!(&[#(#names),*])
}

fn checked(text: &Text, check: &TokenStream, core: &TokenStream) -> TokenStream {
    match text {
        Text::Literal(literal) => quote!(#literal),
        Text::Constant(path) => {
            // The compiler tells the place of the call.
            let span = path.span().resolved_at(Span::call_site());
            let [core, check] = [core, check].map(|tokens| spanned(tokens, span));
            quote_spanned!(span=> #core::__private::constants::#check(#path))
        }
    }
}

fn spanned(tokens: &TokenStream, span: Span) -> TokenStream {
    let at_span = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    tokens.clone().into_iter().map(at_span).collect()
}

/// The source location of the macro call.
fn location(core: &TokenStream) -> TokenStream {
    quote!(#core::SourceLocation { file: ::core::file!(), line: ::core::line!() })
}
