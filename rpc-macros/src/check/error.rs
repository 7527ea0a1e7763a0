//! Checks of an error type: what has to fit together in a variant, and over all of them.

use std::collections::HashSet;

use quote::ToTokens;
use rpc_grammar::own_error::{MEMBERS, is_free};
use syn::Generics;

use crate::fault::{Fault, Faults};
use crate::grammar::template;
use crate::model::error::{ErrorType, Role, Variant};

/// Checks an error type.
pub(crate) fn error(error: &ErrorType, generics: &Generics, faults: &mut Faults) {
    if !generics.params.is_empty() {
        let help = "write concrete types, and own what the error holds";
        faults.on(&generics.params, &Fault::new("an API error cannot be generic", help));
    }
    check_kinds(error, faults);
    for variant in &error.variants {
        check_mode(variant, faults);
        if variant.is_own() {
            check_own(variant, faults);
        } else {
            check_source_only(variant, faults);
        }
        check_from(variant, faults);
    }
}

fn check_kinds(error: &ErrorType, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for variant in error.variants.iter().filter(|variant| variant.is_own()) {
        if !seen.insert(variant.kind()) {
            let fault = Fault::new(
                format!("two errors are of the kind `{}`", variant.kind()),
                "give one another name: `kind = \"…\"`",
            );
            match &variant.attr.kind {
                Some(kind) => faults.on(kind, &fault),
                None => faults.on(&variant.ident, &fault),
            }
        }
    }
}

/// A variant has a status of its own, is transparent, or internal.
fn check_mode(variant: &Variant, faults: &mut Faults) {
    let attr = &variant.attr;
    if let (Some(_), Some(internal)) = (attr.transparent, attr.internal) {
        let message = "a variant is `transparent` or `internal`: callers see its error, or only the log does";
        faults.at(internal, &Fault::new(message, "remove one of them"));
    }
    let span = attr.transparent.or(attr.internal);
    if let (Some(span), Some(key)) = (span, attr.own_key()) {
        let message = format!("`{key}` means nothing here: the variant is not an error of its own");
        faults.at(span, &Fault::new(message, format!("remove `{key}`, or this key")));
    }
    if span.is_none() && attr.status.is_none() && !attr.refused {
        let help = "write `#[api_error(status = 409)]`, `#[api_error(transparent)]` where the field is the error, or `#[api_error(internal)]` for a fault of the program";
        faults.on(&variant.ident, &Fault::new(format!("`{}` has no status", variant.ident), help));
    }
}

fn check_own(variant: &Variant, faults: &mut Faults) {
    check_code(variant, faults);
    check_reason(variant, faults);
    check_details(variant, faults);
    check_at_most_one(variant, Role::Source, "source", faults);
    check_at_most_one(variant, Role::RetryAfter, "field that says when to try again", faults);
    let field = variant.of_role(Role::RetryAfter).next();
    if let (Some(field), Some((_, span))) = (field, variant.attr.retry_after) {
        let message = format!("`{}` says already when to try again", field.member.to_token_stream());
        faults.at(span, &Fault::new(message, "remove this key, or that of the field"));
    }
}

fn check_code(variant: &Variant, faults: &mut Faults) {
    let (Some((code, span)), Some(Some(status))) = (variant.attr.code, variant.attr.status) else { return };
    if !is_free(code, status) {
        let help = "write another number: not 0, not -32999 to -32000, which JSON-RPC and the framework keep, and not 100 to 599, which are HTTP statuses; or leave it out, and the status is the code";
        faults.at(span, &Fault::new(format!("`code` cannot be `{code}`"), help));
    }
}

fn check_reason(variant: &Variant, faults: &mut Faults) {
    if variant.reason().trim().is_empty() {
        let help = "write a doc comment: its first paragraph is what callers read; or `reason = \"…\"`";
        faults.on(&variant.ident, &Fault::new(format!("`{}` has no reason", variant.ident), help));
    }
    let Some(reason) = &variant.attr.reason else { return };
    let Some(names) = faults.take(reason, template::names(&reason.value())) else { return };
    for name in names {
        let named = |role| variant.of_role(role).any(|field| field.rust_name() == name);
        if named(Role::Source) || named(Role::RetryAfter) {
            let fault = Fault::new(format!("`{{{name}}}` is not for callers"), "name a field that is a detail");
            faults.on(reason, &fault);
        } else if !named(Role::Detail) {
            let help = "name a field of the variant, or write `{{` for a brace";
            faults.on(reason, &Fault::new(format!("there is no field `{name}`"), help));
        }
    }
}

fn check_details(variant: &Variant, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for field in variant.of_role(Role::Detail) {
        if field.name.is_empty() {
            let help = "name it: `{ current: u32 }`; or write `#[source]` before it, and only the log sees it";
            faults.on(&field.ty, &Fault::new("a detail that callers see has a name", help));
        } else if MEMBERS.contains(&field.name.as_str()) {
            let help = "give it another name: `#[api_error(rename = \"…\")]`";
            faults.at(field.span, &Fault::new(format!("the name `{}` is taken in errors", field.name), help));
        } else if !seen.insert(&field.name) {
            let fault = Fault::new(format!("two details are called `{}`", field.name), "give each its own name");
            faults.at(field.span, &fault);
        }
    }
    for field in variant.fields.iter().filter(|field| field.role != Role::Detail) {
        if let Some(name) = &field.attr.rename {
            let help = "remove `rename`";
            faults.on(name, &Fault::new("callers do not see this field, so it has no name for them", help));
        }
        if let (Role::Source, Some(span)) = (field.role, field.attr.retry_after) {
            faults.at(span, &Fault::new("a source does not say when to try again", "remove this key, or `#[source]`"));
        }
    }
}

fn check_at_most_one(variant: &Variant, role: Role, what: &str, faults: &mut Faults) {
    if let Some(second) = variant.of_role(role).nth(1) {
        let fault = Fault::new(format!("a variant has one {what}"), "remove one of them");
        faults.on(&second.ty, &fault);
    }
}

/// What is not an error of its own has the field that is.
fn check_source_only(variant: &Variant, faults: &mut Faults) {
    let (is_transparent, count) = (variant.attr.transparent.is_some(), variant.fields.len());
    if is_transparent && count != 1 {
        let fault = Fault::new(
            format!("a transparent variant has one field, the error; `{}` has {count}", variant.ident),
            "write `Store(StoreError)`",
        );
        faults.on(&variant.ident, &fault);
    } else if count > 1 {
        let fault = Fault::new(
            format!("an internal variant has one field at most, its source; `{}` has {count}", variant.ident),
            "write `Store(StoreError)`",
        );
        faults.on(&variant.ident, &fault);
    }
}

fn check_from(variant: &Variant, faults: &mut Faults) {
    let Some(span) = variant.attr.from else { return };
    if variant.fields.len() != 1 || variant.fields[0].role != Role::Source {
        let help = "write `Store(#[source] StoreError)`, or remove `from`";
        faults.at(span, &Fault::new("`from` makes a variant of its only field, which is its source", help));
    }
}
