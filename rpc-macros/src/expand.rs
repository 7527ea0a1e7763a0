//! What the macros leave in the user's code.

pub(crate) mod event;
pub(crate) mod method;
pub(crate) mod module;
pub(crate) mod read;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

/// The path of `rpc-core` in the user's crate, which may call it otherwise.
fn core_path() -> TokenStream {
    let name = match crate_name("rpc-core") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "rpc_core".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote!(::#name)
}

/// The place of the macro call.
fn place(core: &TokenStream) -> TokenStream {
    quote!(#core::Place { file: ::core::file!(), line: ::core::line!() })
}
