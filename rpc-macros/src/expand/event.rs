//! `api_event!`: an entry in the collection of events. `#[derive(ApiEvent)]`: the same, for a type that is the event.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident};

use super::{core_path, declaration, location, names, path};
use crate::attr::event::EventAttr;
use crate::check;
use crate::fault::Faults;
use crate::grammar::path::PathKind;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    declaration(input, EventAttr::read, check::event, registered)
}

fn registered(event: &EventAttr) -> TokenStream {
    let core = core_path();
    let payload = event.payload.as_ref().map(|ty| quote!(.payload::<#ty>()));
    let (entry, audience) = (entry(event, &core), audience(event, &core));
    quote! {
        const _: () = {
            #core::__private::inventory::submit! { #entry.audience(#audience) #payload }
        };
    }
}

/// The entry without audience and payload.
fn entry(event: &EventAttr, core: &TokenStream) -> TokenStream {
    let (name, location) = (path(event.name.as_ref(), PathKind::Event, core), location(core));
    let (title, description) = (&event.docs.title, &event.docs.description);
    quote!(#core::EventEntry::new(#name, #location, #title, #description))
}

fn audience(event: &EventAttr, core: &TokenStream) -> TokenStream {
    let audience = names(event.audience.as_ref(), core);
    match event.audience.as_ref().filter(|audience| audience.has_constants()) {
        Some(_) => quote!(#core::__private::constants::list(#audience)),
        None => audience,
    }
}

/// The expansion of `#[derive(ApiEvent)]`: the entry, and the implementation by which the type finds it.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut faults = Faults::default();
    let event = EventAttr::of_type(&input.attrs, &mut faults);
    check::event(&event, &mut faults);
    check::event_generics(&input.generics, &mut faults);
    match faults.finish() {
        Ok(()) => typed(&input.ident, carries_something(&input.data), &event),
        Err(errors) => errors,
    }
}

/// Whether the type is more than a name: `struct SignedOut;` is an event without a payload.
fn carries_something(data: &Data) -> bool {
    !matches!(data, Data::Struct(item) if matches!(item.fields, Fields::Unit))
}

fn typed(ident: &Ident, carries_something: bool, event: &EventAttr) -> TokenStream {
    let core = core_path();
    let payload = carries_something.then(|| quote!(.payload::<#ident>()));
    let (entry, audience) = (entry(event, &core), audience(event, &core));
    quote! {
        const _: () = {
            const AUDIENCE: &[&::core::primitive::str] = #audience;

            #[automatically_derived]
            impl #core::ApiEvent for #ident {
                type Audience = #core::__private::DeclaredAudience<{ #core::__private::is_one_audience(AUDIENCE) }>;
                const ENTRY: #core::EventEntry = #entry.audience(AUDIENCE) #payload;
            }

            #core::__private::inventory::submit! { <#ident as #core::ApiEvent>::ENTRY }
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
        assert_eq!(text(&expansion), text(&expected));
    }
    #[test]
    fn the_expansion_for_a_type_is_one_entry_that_the_type_knows() {
        let expansion = derive(quote! {
            /// Session ended
            #[event(name = "/session/ended", audience = ["self"])]
            struct SessionEnded;
        });
        let location = quote!(::rpc_core::SourceLocation { file: ::core::file!(), line: ::core::line!() });
        let expected = quote! {
            const _: () = {
                const AUDIENCE: &[&::core::primitive::str] = &["self"];

                #[automatically_derived]
                impl ::rpc_core::ApiEvent for SessionEnded {
                    type Audience =
                        ::rpc_core::__private::DeclaredAudience<{ ::rpc_core::__private::is_one_audience(AUDIENCE) }>;
                    const ENTRY: ::rpc_core::EventEntry =
                        ::rpc_core::EventEntry::new("/session/ended", #location, "Session ended", "").audience(AUDIENCE);
                }

                ::rpc_core::__private::inventory::submit! { <SessionEnded as ::rpc_core::ApiEvent>::ENTRY }
            };
        };
        assert_eq!(text(&expansion), text(&expected));
    }

    fn text(tokens: &TokenStream) -> String {
        tokens.to_string().split_whitespace().collect()
    }
}
