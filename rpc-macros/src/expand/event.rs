//! `api_event!`: an entry in the collection of events.

use proc_macro2::TokenStream;
use quote::quote;

use super::{core_path, declaration, location, names, path};
use crate::attr::event::EventAttr;
use crate::check;
use crate::grammar::path::PathKind;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    declaration(input, EventAttr::read, check::event, registered)
}

fn registered(event: &EventAttr) -> TokenStream {
    let core = core_path();
    let name = path(event.name.as_ref(), PathKind::Event, &core);
    let (location, title, description) = (location(&core), &event.docs.title, &event.docs.description);
    let audience = names(event.audience.as_ref(), &core);
    let list = event.audience.as_ref().filter(|audience| audience.has_constants());
    let audience = match list {
        Some(_) => quote!(#core::__private::constants::list(#audience)),
        None => audience,
    };
    let payload = event.payload.as_ref().map(|ty| quote!(.payload::<#ty>()));
    quote! {
        const _: () = {
            #core::__private::inventory::submit! {
                #core::EventEntry::new(#name, #location, #title, #description).audience(#audience) #payload
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expansion_is_one_entry() {
        let expansion = expand(quote! {
            /// Settings updated
            ///
            /// By somebody.
            name = "/settings/updated", audience = ["admin", "self"], payload = HashMap<String, Vec<u8>>
        });
        let location = quote!(::rpc_core::SourceLocation { file: ::core::file!(), line: ::core::line!() });
        let expected = quote! {
            const _: () = {
                ::rpc_core::__private::inventory::submit! {
                    ::rpc_core::EventEntry::new("/settings/updated", #location, "Settings updated", "By somebody.")
                        .audience(&["admin", "self"])
                        .payload::<HashMap<String, Vec<u8> > >()
                }
            };
        };
        let text = |tokens: &TokenStream| tokens.to_string().split_whitespace().collect::<String>();
        assert_eq!(text(&expansion), text(&expected));
    }
}
