//! `#[derive(ReadFields)]`: the description of the fields, and the enum of the sortable ones.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::DeriveInput;
use syn::spanned::Spanned;

use super::core_path;
use crate::check;
use crate::fault::Faults;
use crate::grammar::operator::Operator;
use crate::model::read::{Field, List, PAGE};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut faults = Faults::default();
    let list = List::read(&input, &mut faults);
    check::list(&list, &input.generics, &mut faults);
    if let Err(errors) = faults.finish() {
        return errors;
    }
    let core = core_path();
    let (sort_enum, implementation) = (sort_enum(&list), implementation(&list, &core));
    quote!(#sort_enum #implementation)
}

fn implementation(list: &List, core: &TokenStream) -> TokenStream {
    let name = &list.ident;
    let sort_type = sort_type(list, core);
    let id_type = match list.id() {
        Some(Field { ty, .. }) => quote!(<#ty as #core::read::ReadField>::Value),
        None => quote!(#core::read::NoId),
    };
    let bounds = list.fields.iter().map(|field| bound(field, core));
    let (limits, describe) = (limits(list), describe(list, core));
    let (sort, read) = (sort(list), read(list, core));
    quote! {
        #[automatically_derived]
        #[allow(trivial_bounds, reason = "a bound that does not hold is reported once, at the type of its field")]
        impl #core::read::ReadFields for #name where #(#bounds),* {
            type Sort = #sort_type;
            type Id = #id_type;
            #limits
            #describe
            #sort
            #read
        }
    }
}

/// What the type of the field has to be.
fn bound(field: &Field, core: &TokenStream) -> TokenStream {
    let (ty, span) = (&field.ty, field.ty.span().resolved_at(Span::call_site()));
    let kind = Ident::new(if field.attr.operators.is_empty() { "Unconditional" } else { "Conditional" }, span);
    let core = core.clone().into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    quote_spanned!(span=> #ty: #(#core)*::read::#kind)
}

fn limits(list: &List) -> TokenStream {
    let max = list.attr.max_limit.unwrap_or(PAGE);
    let default = list.attr.default_limit.unwrap_or(PAGE.min(max));
    quote! {
        const DEFAULT_LIMIT: ::core::primitive::u32 = #default;
        const MAX_LIMIT: ::core::primitive::u32 = #max;
    }
}

fn describe(list: &List, core: &TokenStream) -> TokenStream {
    let fields = local("fields");
    let described = list.fields.iter().map(|field| {
        let Field { name, ty, attr, .. } = field;
        let operators = attr.operators.iter().map(|operator| match operator {
            Operator::Eq => quote!(#core::read::Operator::Eq),
            Operator::Like => quote!(#core::read::Operator::Like),
        });
        let sortable = attr.sortable;
        quote!(#fields.field::<#ty>(#name, &[#(#operators),*], #sortable);)
    });
    let used = used(list);
    quote! {
        fn describe(#fields: &mut #core::read::FieldList<'_>) {
            #(#described)*
            #used
        }
    }
}

/// Fields that rows are only sorted by hold nothing, so that nobody reads them; for the compiler they are not unused.
fn used(list: &List) -> Option<TokenStream> {
    let idents: Vec<&Ident> =
        list.fields.iter().filter(|field| field.attr.operators.is_empty()).map(|field| &field.ident).collect();
    let declared = local("declared");
    (!idents.is_empty()).then(|| quote!(let _ = |#declared: &Self| { #(let _ = &#declared.#idents;)* };))
}

fn sort(list: &List) -> TokenStream {
    let name = local("name");
    let arms = list.sortable().map(|field| {
        let (text, variant) = (&field.name, field.variant());
        quote!(#text => ::core::option::Option::Some(Self::Sort::#variant),)
    });
    quote! {
        fn sort(#name: &::core::primitive::str) -> ::core::option::Option<Self::Sort> {
            match #name {
                #(#arms)*
                _ => ::core::option::Option::None,
            }
        }
    }
}

fn read(list: &List, core: &TokenStream) -> TokenStream {
    let conditions = local("conditions");
    let fields =
        list.fields.iter().map(|Field { ident, name, ty, .. }| quote!(#ident: #conditions.take::<#ty>(#name)?));
    quote! {
        fn read(#conditions: &mut #core::read::Conditions) -> ::core::result::Result<Self, #core::ConvertError> {
            ::core::result::Result::Ok(Self { #(#fields),* })
        }
    }
}

fn sort_type(list: &List, core: &TokenStream) -> TokenStream {
    if list.sortable().next().is_none() {
        return quote!(#core::read::NoSort);
    }
    let name = sort_name(list);
    quote!(#name)
}

fn sort_name(list: &List) -> Ident {
    Ident::new(&format!("{}Sort", list.ident), list.ident.span().resolved_at(Span::call_site()))
}

/// The enum of the sortable fields; nothing when there are none.
fn sort_enum(list: &List) -> Option<TokenStream> {
    let fields: Vec<&Field> = list.sortable().collect();
    if fields.is_empty() {
        return None;
    }
    let (name, visibility) = (sort_name(list), &list.visibility);
    let variants: Vec<Ident> = fields.iter().map(|field| field.variant()).collect();
    let names: Vec<&String> = fields.iter().map(|field| &field.name).collect();
    let about = format!("The fields of [`{}`] by which rows can be sorted.", list.ident);
    let about_variant = names.iter().map(|name| format!("By `{name}`."));
    Some(quote! {
        #[doc = #about]
        #[derive(
            ::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy, ::core::cmp::PartialEq, ::core::cmp::Eq
        )]
        #visibility enum #name {
            #(#[doc = #about_variant] #variants,)*
        }

        #[automatically_derived]
        impl #name {
            /// The name of the field, as callers write it.
            #[must_use]
            #visibility const fn name(self) -> &'static ::core::primitive::str {
                match self {
                    #(Self::#variants => #names,)*
                }
            }
        }
    })
}

/// A local variable that the user's code cannot see.
fn local(name: &str) -> Ident {
    format_ident!("{name}", span = Span::mixed_site())
}
