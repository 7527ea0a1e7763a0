//! `api_module!`: an entry in the collection of modules.

use proc_macro2::TokenStream;
use quote::quote;

use super::{core_path, declaration, location, path};
use crate::attr::module::ModuleAttr;
use crate::check;
use crate::grammar::path::PathKind;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    declaration(input, ModuleAttr::read, check::module, registered)
}

fn registered(module: &ModuleAttr) -> TokenStream {
    let core = core_path();
    let path = path(module.path.as_ref(), PathKind::Module, &core);
    let (location, title, description) = (location(&core), &module.docs.title, &module.docs.description);
    quote! {
        const _: () = {
            #core::__private::inventory::submit! {
                #core::ModuleEntry::new(#path, #location, #title, #description)
            }
        };
    }
}
