//! `#[derive(ApiError)]`: what becomes of each variant, and what it declares.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::DeriveInput;
use syn::spanned::Spanned;

use super::core_path;
use crate::check;
use crate::fault::Faults;
use crate::model::error::{ErrorType, Field, Role, Variant};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut faults = Faults::default();
    let error = ErrorType::read(&input, &mut faults);
    check::error::error(&error, &input.generics, &mut faults);
    if let Err(errors) = faults.finish() {
        let placeholder = input.generics.params.is_empty().then(|| placeholder(&error.ident));
        return quote!(#errors #placeholder);
    }
    let core = core_path();
    let implementation = implementation(&error, &core);
    let conversions = error.variants.iter().filter(|variant| variant.attr.from.is_some());
    let conversions = conversions.map(|variant| conversion(&error.ident, variant));
    quote!(#implementation #(#conversions)*)
}

/// An implementation that does nothing, so that methods with this error have no errors of their own.
fn placeholder(name: &Ident) -> TokenStream {
    let core = core_path();
    let errors = local("errors");
    quote! {
        impl #core::TypedError for #name {
            fn into_api_error(self) -> #core::ApiError {
                ::core::unreachable!()
            }
            fn declare_variants(#errors: &mut #core::DeclaredErrors<'_>) {
                let _ = #errors;
            }
        }
    }
}

fn implementation(error: &ErrorType, core: &TokenStream) -> TokenStream {
    let name = &error.ident;
    let errors = local("errors");
    let bounds = error.variants.iter().flat_map(|variant| bounds(variant, core));
    let arms = error.variants.iter().map(|variant| arm(name, variant, core));
    let declarations = error.variants.iter().map(|variant| declaration(variant, &errors, core));
    quote! {
        #[automatically_derived]
        #[allow(trivial_bounds, reason = "a bound that does not hold is reported once, at the type of its field")]
        impl #core::TypedError for #name where #(#bounds),* {
            fn into_api_error(self) -> #core::ApiError {
                match self {
                    #(#arms)*
                }
            }

            fn declare_variants(#errors: &mut #core::DeclaredErrors<'_>) {
                let _ = &#errors;
                #(#declarations)*
            }
        }
    }
}

/// What the types of the fields have to be.
fn bounds(variant: &Variant, core: &TokenStream) -> Vec<TokenStream> {
    let of_field = |field: &Field| {
        let name = match field.role {
            Role::Detail => "ErrorField",
            Role::Source if variant.attr.transparent.is_some() => "InnerError",
            Role::Source => "ErrorSource",
            Role::RetryAfter => return None,
        };
        let (ty, span) = (&field.ty, field.ty.span().resolved_at(Span::call_site()));
        let name = Ident::new(name, span);
        let core = core.clone().into_iter().map(|mut token| {
            token.set_span(span);
            token
        });
        Some(quote_spanned!(span=> #ty: #(#core)*::#name))
    };
    variant.fields.iter().filter_map(of_field).collect()
}

/// The arm of a variant in the conversion.
fn arm(of: &Ident, variant: &Variant, core: &TokenStream) -> TokenStream {
    let path = &variant.path;
    let fields = variant.fields.iter().map(|Field { member, binding, .. }| quote!(#member: #binding));
    let error = match variant.fields.first() {
        Some(Field { binding, .. }) if variant.attr.transparent.is_some() => {
            quote!(#core::InnerError::into_api_error(#binding))
        }
        Some(Field { binding, .. }) if variant.attr.internal.is_some() => {
            quote!(#core::ApiError::internal(#core::ErrorSource::into_source(#binding)))
        }
        None if variant.attr.internal.is_some() => {
            let text = format!("{of}::{}: {}", variant.ident, variant.docs.title);
            let text = text.trim_end_matches([':', ' ']);
            quote!(#core::ApiError::internal(#text))
        }
        _ => own(variant, core),
    };
    quote!(#path { #(#fields),* } => #error,)
}

/// The error of a variant that is one of its own.
fn own(variant: &Variant, core: &TokenStream) -> TokenStream {
    let (status, kind) = (variant.attr.status.flatten(), variant.kind());
    let reason = reason(variant);
    let code = variant.attr.code.map(|(code, _)| quote!(.with_code(#code)));
    let fixed = variant.attr.retry_after.map(|(time, _)| {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        quote!(.with_retry_after(::core::time::Duration::from_millis(#milliseconds)))
    });
    let given = variant.of_role(Role::RetryAfter).map(|Field { binding, .. }| quote!(.with_retry_after(#binding)));
    let source = variant
        .of_role(Role::Source)
        .map(|Field { binding, .. }| quote!(.with_source(#core::ErrorSource::into_source(#binding))));
    let details = variant.of_role(Role::Detail).map(|Field { name, binding, .. }| quote!(.field(#name, #binding)));
    quote! {
        #core::__private::with_fields(
            #core::ApiError::new(#status, #reason) #code #fixed #(#given)* #(#source)*,
            #kind,
            #core::__private::Fields::new() #(#details)*
        )
    }
}

/// The text of the reason: made of details where it names some.
fn reason(variant: &Variant) -> TokenStream {
    let names = variant.named_in_reason();
    match &variant.attr.reason {
        Some(text) if text.value().contains(['{', '}']) => {
            let named = variant.fields.iter().filter(|field| names.contains(&field.rust_name()));
            let values = named.map(|Field { member, binding, .. }| quote!(#member = #binding));
            quote!(::std::format!(#text #(, #values)*))
        }
        Some(text) => quote!(#text),
        None => {
            let text = &variant.docs.title;
            quote!(#text)
        }
    }
}

fn declaration(variant: &Variant, errors: &Ident, core: &TokenStream) -> Option<TokenStream> {
    if variant.attr.internal.is_some() {
        return None;
    }
    if let (Some(_), Some(Field { ty, .. })) = (variant.attr.transparent, variant.fields.first()) {
        return Some(quote!(<#ty as #core::InnerError>::declare(#errors);));
    }
    let status = variant.attr.status.flatten()?;
    let code = variant.attr.code.map_or(i32::from(status), |(code, _)| code);
    let (kind, reason, description) = (variant.kind(), variant.reason(), &variant.docs.description);
    let details = variant.of_role(Role::Detail);
    let details = details.map(|Field { name, ty, description, .. }| quote!(.field::<#ty>(#name, #description)));
    Some(quote!(#errors.declare(#status, #code, #kind, #reason, #description) #(#details)*;))
}

/// `?` makes the variant of its only field.
fn conversion(of: &Ident, variant: &Variant) -> Option<TokenStream> {
    let Field { member, binding, ty, .. } = variant.fields.first()?;
    let path = &variant.path;
    Some(quote! {
        #[automatically_derived]
        impl ::core::convert::From<#ty> for #of {
            fn from(#binding: #ty) -> Self {
                #path { #member: #binding }
            }
        }
    })
}

/// A local variable that the user's code cannot see.
fn local(name: &str) -> Ident {
    format_ident!("{name}", span = Span::mixed_site())
}
