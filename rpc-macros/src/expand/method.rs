//! `#[api_method]`: the function, and an entry in the collection of methods.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{PathArguments, Type};

use super::{core_path, location, names, path};
use crate::attr::Text;
use crate::attr::method::{LimitsAttr, MethodAttr};
use crate::attr::rule::Rules;
use crate::attr::who::Who;
use crate::check;
use crate::fault::{Fault, Faults};
use crate::function::{self, Function};
use crate::grammar::path::PathKind;
use crate::model::argument::{Argument, Param, Style};
use crate::model::method::Method;

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            note_no_function(&item, error, &mut faults);
            let (item, errors) = (function::stripped(item), faults.finish().err());
            return quote!(#item #errors);
        }
    };
    let attr = MethodAttr::read(attribute, &mut faults);
    check::function(&function, &mut faults);
    let method = Method::read(attr, &function, &mut faults);
    check::method(&method, &mut faults);
    match faults.finish() {
        Ok(()) => {
            let entry = registered(&method);
            quote!(#function #entry)
        }
        Err(errors) => {
            let entry = (!function.is_associated()).then(|| placeholder(&method));
            quote!(#function #errors #entry)
        }
    }
}

/// The one fault of an item that is no function, or whose head has a syntax that `syn` does not know.
fn note_no_function(item: &TokenStream, error: syn::Error, faults: &mut Faults) {
    if function::looks_like_function.parse2(item.clone()).unwrap_or_default() {
        faults.syntax(error);
    } else {
        let help = "write it before a free `async fn`";
        faults.at(Span::call_site(), &Fault::new("`#[api_method]` makes a method of a function only", help));
    }
}

/// The entry, with its registration inside: each item beside the function is an error of its own where the function stands in an
/// `impl`, which the macro cannot see.
fn registered(method: &Method) -> TokenStream {
    let core = core_path();
    let (name, entry) = (method.name(), entry(method, &core));
    let registered = quote! {{
        #core::__private::inventory::submit! { #name::ENTRY }
        #entry
    }};
    holder(method, &core, &registered)
}

/// An entry that does nothing, so that code which names it has no errors of its own.
fn placeholder(method: &Method) -> TokenStream {
    let core = core_path();
    let location = location(&core);
    let entry = quote!(#core::MethodEntry::new("", #location, |_| {}, |_, _| ::core::unreachable!()));
    holder(method, &core, &entry)
}

/// The type, in its own namespace beside the function, that holds the entry.
fn holder(method: &Method, core: &TokenStream, entry: &TokenStream) -> TokenStream {
    let Method { visibility, conditions, .. } = method;
    let name = method.name();
    let allow = method.is_deprecated.then(|| quote!(#[allow(deprecated, reason = "clients may call it still")]));
    let path = method.attr.path.as_ref().and_then(Text::literal).map(|path| format!(" `{}`", path.value()));
    let about = format!("The method{}, to be given to `Api::builder().method(…)`.", path.unwrap_or_default());
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #visibility enum #name {}

        #(#conditions)*
        impl #name {
            #[doc = #about]
            #allow
            #visibility const ENTRY: #core::MethodEntry = #entry;
        }
    }
}

fn entry(method: &Method, core: &TokenStream) -> TokenStream {
    let path = path(method.attr.path.as_ref(), PathKind::Method, core);
    let location = location(core);
    let (describe, handler) = (describe(method, core), handler(method, core));
    let settings = settings(method, core);
    quote!(#core::MethodEntry::new(#path, #location, #describe, #handler) #settings)
}

/// The calls that complete a new entry.
fn settings(method: &Method, core: &TokenStream) -> TokenStream {
    let (title, description) = (&method.docs.title, &method.docs.description);
    let permissions = permissions(method, core);
    let limits = limits(&method.attr.limits, core);
    let deprecated = method.attr.deprecated.then(|| quote!(.deprecated()));
    let private = method.attr.private.then(|| quote!(.private()));
    let unlogged = (!method.attr.log).then(|| quote!(.unlogged()));
    let session_only = method.attr.session_only.map(|_| quote!(.session_only()));
    let ignores_token = method.attr.ignores_token.map(|_| quote!(.ignores_token()));
    let read_only = method.attr.read_only.then(|| quote!(.read_only()));
    let idempotent = method.attr.idempotent.then(|| quote!(.idempotent()));
    let destructive = method.attr.destructive.map(|_| quote!(.destructive()));
    let client_event = method.attr.client_event.as_ref().map(|event| {
        let name = path(Some(&event.name), PathKind::Event, core);
        quote!(.client_event(#name))
    });
    quote! {
        .text(#title, #description).permissions(#permissions) #limits
        #deprecated #private #unlogged #session_only #ignores_token #read_only #idempotent #destructive
        #client_event
    }
}

/// Who may call; the compiler checks what belongs together where it alone knows the names.
fn permissions(method: &Method, core: &TokenStream) -> TokenStream {
    let attr = &method.attr;
    let permissions = names(attr.permissions.as_ref(), core);
    if !attr.permissions.as_ref().is_some_and(Who::has_constants) {
        return permissions;
    }
    let permissions = quote!(#core::__private::constants::list(#permissions));
    let permissions = match attr.session_only {
        Some(_) => quote!(#core::__private::constants::without_guests(#permissions)),
        None => permissions,
    };
    match attr.ignores_token {
        Some(_) => quote!(#core::__private::constants::with_guests(#permissions)),
        None => permissions,
    }
}

fn limits(limits: &LimitsAttr, core: &TokenStream) -> Option<TokenStream> {
    if *limits == LimitsAttr::default() {
        return None;
    }
    let rate = limits.rate.map(|rate| {
        let (calls, seconds) = (rate.calls, rate.seconds);
        quote!(#core::Rate { calls: #calls, period: ::core::time::Duration::from_secs(#seconds) })
    });
    let timeout = limits.timeout.map(|timeout| {
        let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        quote!(::core::time::Duration::from_millis(#milliseconds))
    });
    let concurrency = option(limits.concurrency);
    let concurrency_per_user = option(limits.concurrency_per_user);
    let (rate, timeout) = (option(rate), option(timeout));
    let (max_body, upload) = (option(limits.max_body), option(limits.upload));
    Some(quote! {
        .limits(#core::MethodLimits {
            concurrency: #concurrency,
            concurrency_per_user: #concurrency_per_user,
            rate: #rate,
            timeout: #timeout,
            max_body: #max_body,
            upload: #upload,
        })
    })
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The function that describes the types.
fn describe(method: &Method, core: &TokenStream) -> TokenStream {
    let signature = local("signature");
    let arguments = method.arguments.iter().map(|argument| match argument {
        Argument::Param(Param { name, description, style, rules, ty, .. }) => {
            let rules = self::rules(rules, core);
            let style = match style {
                Style::Plain => quote!(Plain),
                Style::Nullable => quote!(Nullable),
                Style::Opaque => quote!(Opaque),
            };
            quote!(#signature.param::<#ty>(#name, #description, #core::ParamStyle::#style) #rules;)
        }
        Argument::Reference(ty) => {
            quote!((&&&#core::__private::Provider::<#ty>::OF).provider().declare::<#ty>(#signature);)
        }
        Argument::Injected(ty) => quote!(<#ty as #core::__private::Injected<'_>>::declare(#signature);),
    });
    let (answer, error) = halves(&method.output, core);
    let providers = providers(method, core);
    quote! {
        |#signature| {
            #providers
            #(#arguments)*
            #signature.output::<#answer, #error>();
        }
    }
}

/// The calls that say more of a parameter.
fn rules(rules: &Rules, core: &TokenStream) -> TokenStream {
    let json = |value: &TokenStream| quote!(#core::serde_json::json!(#value));
    let constraints = rules.constraints.iter().map(|constraint| {
        let (keyword, value) = (constraint.keyword, json(&constraint.value));
        quote!(.constraint(#keyword, #value))
    });
    let default = rules.default.iter().map(|default| {
        let value = json(&default.value);
        quote!(.default_value(#value))
    });
    let examples = rules.examples.iter().map(|examples| {
        let value = json(&examples.value);
        quote!(.examples(#value))
    });
    quote!(#(#constraints)* #(#default)* #(#examples)*)
}

/// The function that converts the arguments and calls the method.
fn handler(method: &Method, core: &TokenStream) -> TokenStream {
    let (ctx, values) = (local("ctx"), local("arguments"));
    let mut taken = Vec::new();
    let mut passed = Vec::new();
    for argument in &method.arguments {
        match argument {
            Argument::Param(Param { name, ty, .. }) => {
                let value = local(&format!("p{}", taken.len()));
                taken.push(quote!(let #value = #values.next::<#ty>(#name)?;));
                passed.push(value.into_token_stream());
            }
            Argument::Reference(ty) => {
                passed.push(quote!((&&&#core::__private::Provider::<#ty>::OF).provider().inject::<#ty>(#ctx)));
            }
            Argument::Injected(ty) => passed.push(quote!(<#ty as #core::__private::Injected<'_>>::take(#ctx))),
        }
    }
    let values = if taken.is_empty() { quote!(_) } else { quote!(mut #values) };
    let (name, output) = (method.name(), &method.output);
    let (answer, error) = halves(output, core);
    let future = quote_spanned! {name.span()=>
        #core::__private::Box::pin(async move {
            #core::__private::encode::<#answer, #error, #output>(#ctx, #name(#(#passed),*).await)
        })
    };
    let providers = providers(method, core);
    quote! {
        |#ctx, #values| {
            #providers
            #(#taken)*
            ::core::result::Result::Ok(#future)
        }
    }
}

/// Brings the traits into scope that tell who provides an argument taken by reference.
fn providers(method: &Method, core: &TokenStream) -> Option<TokenStream> {
    let has_references = method.arguments.iter().any(|argument| matches!(argument, Argument::Reference(_)));
    has_references.then(|| quote!(use #core::__private::provider::*;))
}

/// The types of answer and error in the return type, each where it is written, so that what is wrong with one is told there.
fn halves(output: &Type, core: &TokenStream) -> (TokenStream, TokenStream) {
    let whole = output.span();
    let (answer, error) = match output {
        Type::Path(path) => match path.path.segments.last().map(|segment| &segment.arguments) {
            Some(PathArguments::AngleBracketed(list)) if list.args.len() == 2 => {
                (list.args[0].span(), list.args[1].span())
            }
            _ => (whole, whole),
        },
        _ => (whole, whole),
    };
    (
        quote_spanned!(answer=> <#output as #core::MethodOutput>::Answer),
        quote_spanned!(error=> <#output as #core::MethodOutput>::Error),
    )
}

/// A local variable that the user's code cannot see.
fn local(name: &str) -> Ident {
    format_ident!("{name}", span = Span::mixed_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens as text without white space, which depends on where they come from.
    fn text(tokens: &TokenStream) -> String {
        tokens.to_string().split_whitespace().collect()
    }

    #[test]
    fn the_expansion_is_the_one_that_people_have_read() {
        let attribute = quote!(path = "/v1/users/set-enabled", permissions = ["admin"], rate = "10/min", log = false);
        let item = quote! {
            #[doc = " Set user enabled"]
            pub async fn set_enabled(
                ctx: &Ctx,
                file: Option<&Upload>,
                #[doc = " User id or name."]
                #[param(name = "userId")]
                user_id: String,
                enabled: bool,
            ) -> Result<()> {
                body(ctx, file, user_id, enabled)
            }
        };
        let expected: TokenStream = include_str!("../../tests/expansion/method.rs").parse().expect("Rust");
        assert_eq!(text(&expand(attribute, item)), text(&expected));
    }

    #[test]
    fn a_function_with_faults_stays_and_has_an_entry_that_does_nothing() {
        let item = quote! {
            #[doc = " Title"]
            fn method(#[doc = " Id."] id: String) -> Result<()> {
                body(id)
            }
        };
        let expansion = expand(quote!(path = "/v1/a/b", permissions = ["user"]), item).to_string();
        let function = quote! {
            #[doc = " Title"]
            fn method(id: String) -> Result<()> {
                body(id)
            }
        };
        assert!(expansion.starts_with(&function.to_string()), "{expansion}");
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
        assert!(expansion.contains("const ENTRY"), "{expansion}");
    }

    #[test]
    fn a_head_that_cannot_be_read_stays_without_the_attributes_of_the_macro() {
        let item = quote!(async fn method(#[param(name = "x")] #[allow(unused)] value: ???) -> Result<()> { body() });
        let expansion = expand(quote!(path = "/v1/a/b", permissions = ["user"]), item).to_string();
        let function = quote!(async fn method(#[allow(unused)] value: ???) -> Result<()> { body() });
        assert!(expansion.starts_with(&function.to_string()), "{expansion}");
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
    }
}
