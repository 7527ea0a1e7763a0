//! `api_module!`: an entry in the collection of modules.

use proc_macro2::TokenStream;
use quote::quote;

use super::{core_path, place};
use crate::attr::module::ModuleAttr;
use crate::check;
use crate::fault::Faults;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let module = ModuleAttr::read(input, &mut faults);
    if let Some(module) = &module {
        check::module(module, &mut faults);
    }
    match (faults.finish(), module) {
        (Ok(()), Some(module)) => registered(&module),
        (Ok(()), None) => TokenStream::new(),
        (Err(errors), _) => errors,
    }
}

fn registered(module: &ModuleAttr) -> TokenStream {
    let (core, path) = (core_path(), &module.path);
    let (place, title, description) = (place(&core), &module.docs.title, &module.docs.description);
    quote! {
        const _: () = {
            #core::__private::inventory::submit! {
                #core::ModuleEntry::new(#path, #place, #title, #description)
            }
        };
    }
}
