//! What the macros leave in the user's code.

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod method;
pub(crate) mod module;
pub(crate) mod read;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

use crate::fault::Faults;

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

/// The source location of the macro call.
fn location(core: &TokenStream) -> TokenStream {
    quote!(#core::SourceLocation { file: ::core::file!(), line: ::core::line!() })
}
