//! An error type: its variants, or the one of a struct, with their attributes.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Member, Type};

use crate::attr::error::{FieldAttr, VariantAttr, is_api_error};
use crate::docs::{self, Docs};
use crate::fault::{Fault, Faults};
use crate::grammar::template;

/// An error type.
pub(crate) struct ErrorType {
    pub(crate) ident: Ident,
    pub(crate) variants: Vec<Variant>,
}

/// A variant, or a struct.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// What it is called inside an `impl`: `Self::Conflict`.
    pub(crate) path: TokenStream,
    pub(crate) attr: VariantAttr,
    /// The reason, and the description.
    pub(crate) docs: Docs,
    pub(crate) fields: Vec<Field>,
}

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Callers see it.
    Detail,
    /// The log sees it; or, in a transparent variant, it is the error.
    Source,
    /// It says when to try again.
    RetryAfter,
}

/// A field.
pub(crate) struct Field {
    pub(crate) member: Member,
    /// The variable that holds it.
    pub(crate) binding: Ident,
    /// The public name; empty for one without a name.
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) ty: Type,
    pub(crate) description: String,
    pub(crate) role: Role,
    pub(crate) attr: FieldAttr,
}

impl ErrorType {
    /// Reads the type; what is wrong becomes a fault.
    pub(crate) fn read(input: &DeriveInput, faults: &mut Faults) -> Self {
        let ident = input.ident.clone();
        let variants = match &input.data {
            Data::Enum(data) => {
                for attribute in input.attrs.iter().filter(|attribute| is_api_error(attribute)) {
                    let help = "write it before each variant";
                    faults
                        .on(attribute, &Fault::new("`#[api_error]` says something of a variant, not of an enum", help));
                }
                let read = |variant: &syn::Variant, faults: &mut Faults| {
                    let ident = &variant.ident;
                    Variant::read(ident, quote!(Self::#ident), &variant.attrs, &variant.fields, faults)
                };
                data.variants.iter().map(|variant| read(variant, faults)).collect()
            }
            Data::Struct(data) => vec![Variant::read(&ident, quote!(Self), &input.attrs, &data.fields, faults)],
            Data::Union(_) => {
                faults.on(
                    &ident,
                    &Fault::new("an API error is an enum or a struct", "write `enum`, with a variant an error"),
                );
                Vec::new()
            }
        };
        Self { ident, variants }
    }
}

impl Variant {
    fn read(ident: &Ident, path: TokenStream, attributes: &[Attribute], fields: &Fields, faults: &mut Faults) -> Self {
        let attr = VariantAttr::read(attributes, faults);
        let mut docs = docs::split(&docs::text(attributes, faults));
        if docs.title.ends_with('.') && !docs.title.ends_with("..") {
            docs.title.pop();
        }
        let all_are_sources = attr.transparent.is_some() || attr.internal.is_some();
        let fields = fields.members().zip(fields).enumerate();
        let fields =
            fields.map(|(position, (member, field))| Field::read(position, member, field, all_are_sources, faults));
        Self { ident: ident.clone(), path, attr, docs, fields: fields.collect() }
    }

    /// The name for programs.
    pub(crate) fn kind(&self) -> String {
        match &self.attr.kind {
            Some(kind) => kind.value(),
            None => snake_case(&self.ident.unraw().to_string()),
        }
    }

    /// The text for people, with its places for details.
    pub(crate) fn reason(&self) -> String {
        self.attr.reason.as_ref().map_or_else(|| self.docs.title.clone(), syn::LitStr::value)
    }

    /// The details that the reason names; the doc comment names none.
    pub(crate) fn named_in_reason(&self) -> Vec<String> {
        self.attr.reason.as_ref().and_then(|reason| template::names(&reason.value()).ok()).unwrap_or_default()
    }

    /// Whether callers see an error of this type, and not another one.
    pub(crate) fn is_own(&self) -> bool {
        self.attr.transparent.is_none() && self.attr.internal.is_none()
    }

    /// The fields with a role.
    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.role == role)
    }
}

impl Field {
    fn read(position: usize, member: Member, field: &syn::Field, is_source: bool, faults: &mut Faults) -> Self {
        let attr = FieldAttr::read(&field.attrs, faults);
        let (name, span) = match (&attr.rename, &field.ident) {
            (Some(name), _) => (name.value(), name.span()),
            (None, Some(ident)) => (ident.unraw().to_string(), ident.span()),
            (None, None) => (String::new(), Span::call_site()),
        };
        let role = match () {
            () if is_source || attr.source => Role::Source,
            () if attr.retry_after.is_some() => Role::RetryAfter,
            () => Role::Detail,
        };
        Self {
            member,
            binding: format_ident!("f{position}", span = Span::mixed_site()),
            name,
            span,
            ty: field.ty.clone(),
            description: docs::text(&field.attrs, faults),
            role,
            attr,
        }
    }

    /// The name in Rust; empty for a field without one.
    pub(crate) fn rust_name(&self) -> String {
        match &self.member {
            Member::Named(ident) => ident.unraw().to_string(),
            Member::Unnamed(_) => String::new(),
        }
    }
}

/// As serde's `rename_all = "snake_case"`, so that both agree about every name.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (position, letter) in name.char_indices() {
        if position > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
