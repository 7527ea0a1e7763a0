//! Checks what has to fit together, one small check after the other. Each reports its faults and goes on.

pub(crate) mod error;

use std::collections::HashSet;

use proc_macro2::Span;
use quote::ToTokens;
use rpc_grammar::reserved::{EVERYBODY, GUEST};
use syn::{Generics, LitStr, ReturnType, Safety, Signature};

use crate::attr::event::EventAttr;
use crate::attr::module::ModuleAttr;
use crate::attr::who::Who;
use crate::fault::{Fault, Faults};
use crate::function::{Function, holds_ident};
use crate::grammar::name::WhoKind;
use crate::model::method::Method;
use crate::model::read::{Field, List, PAGE};

/// The most positional parameters of a method.
const MAX_PARAMS: usize = 16;

const TITLE_HELP: &str = "write a doc comment: its first paragraph is the title, the rest the description";

/// Checks the shape of the function.
pub(crate) fn function(function: &Function, faults: &mut Faults) {
    let signature = &function.signature;
    check_async(signature, faults);
    check_qualifiers(signature, faults);
    check_generics(signature, faults);
    check_receiver(function, faults);
    check_variadic(signature, faults);
    check_output(signature, faults);
    check_body(function, faults);
}

/// Checks a module.
pub(crate) fn module(module: &ModuleAttr, faults: &mut Faults) {
    if module.docs.title.is_empty() {
        let fault = Fault::new("the module has no title for the documents", TITLE_HELP);
        faults.at(Span::call_site(), &fault);
    }
}

/// Checks an event.
pub(crate) fn event(event: &EventAttr, faults: &mut Faults) {
    if event.docs.title.is_empty() {
        faults.at(Span::call_site(), &Fault::new("the event has no title for the documents", TITLE_HELP));
    }
    if let Some(audience) = &event.audience {
        check_who(audience, faults);
    }
}

/// Checks that a type is one event.
pub(crate) fn event_generics(generics: &Generics, faults: &mut Faults) {
    if !generics.params.is_empty() {
        let help = "remove the parameters, or wrap the type: `struct Shipped(Change<Order>);`";
        faults.on(&generics.params, &Fault::new("an event is one type, and cannot be generic", help));
    }
}

/// Checks the method.
pub(crate) fn method(method: &Method, faults: &mut Faults) {
    check_title(method, faults);
    check_param_count(method, faults);
    check_param_names(method, faults);
    check_client_event(method, faults);
    check_effects(method, faults);
    if let Some(permissions) = &method.attr.permissions {
        check_who(permissions, faults);
        check_session_only(method, permissions, faults);
        check_ignores_token(method, permissions, faults);
    }
}

fn check_who(who: &Who, faults: &mut Faults) {
    check_somebody(who, faults);
    check_repeated(who, faults);
    check_everybody_alone(who, faults);
}

fn check_async(signature: &Signature, faults: &mut Faults) {
    if signature.asyncness.is_none() {
        faults.on(signature.fn_token, &Fault::new("an API method is an async function", "write `async fn`"));
    }
}

fn check_qualifiers(signature: &Signature, faults: &mut Faults) {
    if let Some(constness) = &signature.constness {
        faults.on(constness, &Fault::new("an API method cannot be `const`", "remove `const`"));
    }
    if let Safety::Unsafe(safety) = &signature.safety {
        faults.on(safety, &Fault::new("an API method cannot be `unsafe`: everybody may call it", "remove `unsafe`"));
    }
    if let Some(abi) = &signature.abi {
        faults.on(abi, &Fault::new("an API method cannot be `extern`", "remove `extern`"));
    }
}

fn check_generics(signature: &Signature, faults: &mut Faults) {
    let generics = &signature.generics;
    if !generics.params.is_empty() {
        let help = "write concrete types, and `&T` without lifetimes";
        faults.on(&generics.params, &Fault::new("an API method cannot be generic", help));
    } else if let Some(clause) = &generics.where_clause {
        faults.on(clause, &Fault::new("an API method cannot have a `where` clause", "remove it"));
    }
}

fn check_receiver(function: &Function, faults: &mut Faults) {
    let help = "move it out of its `impl`, and take a state by reference: `app: &App`";
    if let Some(receiver) = function.signature.receiver() {
        faults.on(receiver, &Fault::new("an API method is a free function, without `self`", help));
    } else if function.names_self() {
        let help = "move it out of its `impl`, and write the name of the type in place of `Self`";
        faults.on(&function.signature.ident, &Fault::new("an API method is a free function, without `Self`", help));
    }
}

fn check_variadic(signature: &Signature, faults: &mut Faults) {
    if let Some(variadic) = &signature.variadic {
        faults.on(variadic, &Fault::new("an API method has a fixed number of parameters", "take a `Vec<T>`"));
    }
}

fn check_output(signature: &Signature, faults: &mut Faults) {
    match &signature.output {
        ReturnType::Default => {
            let help = "write `-> Result<(), ApiError>` for a method that answers with nothing";
            faults.on(&signature.ident, &Fault::new("an API method returns a `Result`", help));
        }
        ReturnType::Type(_, ty) if holds_ident(ty.to_token_stream(), "impl") => {
            let fault = Fault::new("an API method returns a concrete type", "write the type in place of `impl …`");
            faults.on(ty, &fault);
        }
        ReturnType::Type(..) => {}
    }
}

fn check_body(function: &Function, faults: &mut Faults) {
    if function.lacks_body() {
        let help = "move it out of its trait, and write the body";
        faults.on(&function.signature.ident, &Fault::new("an API method has a body", help));
    }
}

fn check_title(method: &Method, faults: &mut Faults) {
    if method.docs.title.is_empty() {
        let fault = Fault::new(format!("`{}` has no title for the documents", method.ident), TITLE_HELP);
        faults.on(&method.ident, &fault);
    }
}

fn check_param_count(method: &Method, faults: &mut Faults) {
    if let Some(param) = method.params().nth(MAX_PARAMS) {
        let help = "take a struct for what belongs together";
        faults.at(param.span, &Fault::new(format!("an API method has at most {MAX_PARAMS} parameters"), help));
    }
}

fn check_param_names(method: &Method, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for param in method.params().filter(|param| !param.name.is_empty()) {
        if !seen.insert(&param.name) {
            let fault = Fault::new(format!("two parameters are called `{}`", param.name), "give each its own name");
            faults.at(param.span, &fault);
        }
    }
}

fn check_somebody(who: &Who, faults: &mut Faults) {
    if who.names.is_empty() {
        let (message, verb) = match who.kind {
            WhoKind::Permission => ("nobody could call a method without permissions", "call"),
            WhoKind::Audience => ("nobody could hear an event without an audience", "hear it"),
        };
        faults.at(who.span, &Fault::new(message, format!("write who may {verb}: {}", who.kind.choices())));
    }
}

fn check_repeated(who: &Who, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for name in &who.names {
        let text = name.literal().map_or_else(|| name.to_token_stream().to_string(), LitStr::value);
        if !seen.insert((name.is_constant(), text.clone())) {
            let message = format!("the {} `{text}` is given twice", who.kind.noun());
            faults.on(name, &Fault::new(message, "remove one of them"));
        }
    }
}

fn check_everybody_alone(who: &Who, faults: &mut Faults) {
    let everybody = who.literals().find(|name| name.value() == EVERYBODY);
    if let Some(everybody) = everybody
        && (who.has_constants() || who.literals().any(|name| name.value() != EVERYBODY))
    {
        let message = match who.kind {
            WhoKind::Permission => "`*` lets everybody call, so the other permissions mean nothing",
            WhoKind::Audience => "`*` lets everybody hear the event, so the other audiences mean nothing",
        };
        faults.on(everybody, &Fault::new(message, "remove `*`, or everything else"));
    }
}

fn check_client_event(method: &Method, faults: &mut Faults) {
    let Some(event) = &method.attr.client_event else {
        return;
    };
    if method.attr.private {
        let help = "remove `private`, or `client_event`";
        faults.at(event.span, &Fault::new("a private method is not for clients, nor for their events", help));
    }
    if method.attr.limits.upload.is_some() {
        let help = "remove `upload`, or `client_event`";
        faults.at(event.span, &Fault::new("an event carries no file, so a method with an upload has none", help));
    }
}

fn check_effects(method: &Method, faults: &mut Faults) {
    if let (true, Some(span)) = (method.attr.read_only, method.attr.destructive) {
        let help = "remove `destructive`, or `read_only`";
        faults.at(span, &Fault::new("a method that changes nothing destroys nothing", help));
    }
}

/// Whether the name includes callers without an account.
fn is_open(name: &LitStr) -> bool {
    [EVERYBODY, GUEST].contains(&&*name.value())
}

fn check_ignores_token(method: &Method, permissions: &Who, faults: &mut Faults) {
    let admits_guests = permissions.has_constants() || permissions.literals().any(is_open);
    if let (Some(span), false) = (method.attr.ignores_token, admits_guests) {
        let help = "remove `ignores_token`, or let guests call: `permissions = [\"*\"]`";
        faults.at(span, &Fault::new("without a token everybody is a guest, and guests may not call this method", help));
    }
}

fn check_session_only(method: &Method, permissions: &Who, faults: &mut Faults) {
    let open = permissions.literals().find(|name| is_open(name));
    if let (Some(span), Some(open)) = (method.attr.session_only, open) {
        let help = format!("remove `session_only`, or `{}` from the permissions", open.value());
        faults.at(span, &Fault::new("a guest has no session, so `session_only` would refuse it", help));
    }
}

/// Checks the fields of a list.
pub(crate) fn list(list: &List, generics: &Generics, faults: &mut Faults) {
    if !generics.params.is_empty() {
        faults.on(&generics.params, &Fault::new("the fields of a list cannot be generic", "write concrete types"));
    }
    check_limits(list, faults);
    check_field_names(list, faults);
    for field in &list.fields {
        check_use(field, faults);
    }
}

fn check_limits(list: &List, faults: &mut Faults) {
    let (default, max) = (list.attr.default_limit, list.attr.max_limit.unwrap_or(PAGE));
    if let (Some(default), Some(span)) = (default, list.attr.span)
        && default > max
    {
        let help = format!("raise `max_limit`, or write at most `default_limit = {max}`");
        let fault = Fault::new(format!("a page of {default} rows is larger than the largest page, {max} rows"), help);
        faults.at(span, &fault);
    }
}

fn check_field_names(list: &List, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for field in &list.fields {
        if !seen.insert(&field.name) {
            let fault = Fault::new(format!("two fields are called `{}`", field.name), "give each its own name");
            faults.at(field.span, &fault);
        }
    }
}

fn check_use(field: &Field, faults: &mut Faults) {
    let attr = &field.attr;
    if attr.operators.is_empty() && !attr.sortable && !attr.at_fault {
        let help = "write `#[read(\"=\")]`, `#[read(\"like\")]` or `#[read(sortable)]` before it, or remove the field";
        let fault = Fault::new(format!("rows are neither found nor sorted by `{}`", field.name), help);
        faults.on(&field.ident, &fault);
    }
}
