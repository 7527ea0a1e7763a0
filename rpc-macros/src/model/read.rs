//! The fields of a list: struct and attributes together.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Ident, Type, Visibility};

use crate::attr::read::{FieldAttr, ListAttr};
use crate::fault::{Fault, Faults};
use crate::grammar::operator::Operator;

/// Rows a page where the struct does not say; the same as in `rpc_core::read`.
pub(crate) const PAGE: u32 = 100;

/// The fields of a list.
pub(crate) struct List {
    pub(crate) attr: ListAttr,
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) fields: Vec<Field>,
}

/// One field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// The public name.
    pub(crate) name: String,
    /// Where the name comes from.
    pub(crate) span: Span,
    pub(crate) ty: Type,
    pub(crate) attr: FieldAttr,
}

impl List {
    /// Reads the struct; what is wrong becomes a fault.
    pub(crate) fn read(input: &DeriveInput, faults: &mut Faults) -> Self {
        Self {
            attr: ListAttr::read(&input.attrs, faults),
            ident: input.ident.clone(),
            visibility: input.vis.clone(),
            fields: fields(input, faults),
        }
    }

    /// The fields by which rows can be sorted.
    pub(crate) fn sortable(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.attr.sortable)
    }

    /// The field by which one row is asked for.
    pub(crate) fn id(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == "id" && field.attr.operators.contains(&Operator::Eq))
    }
}

impl Field {
    fn read(field: &syn::Field, faults: &mut Faults) -> Option<Self> {
        let ident = field.ident.clone()?;
        let attr = FieldAttr::read(&field.attrs, faults);
        let (name, span) = match &attr.rename {
            Some(name) => (name.value(), name.span()),
            None => (ident.unraw().to_string(), ident.span()),
        };
        Some(Self { ident, name, span, ty: field.ty.clone(), attr })
    }

    /// The variant for the field in the enum of sortable fields: `created_at` as `CreatedAt`.
    pub(crate) fn variant(&self) -> Ident {
        let words = self.name.split('_').filter(|word| !word.is_empty());
        let pascal: String = words.map(capitalised).collect();
        Ident::new(if pascal.is_empty() { "Field" } else { &pascal }, Span::call_site())
    }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

fn fields(input: &DeriveInput, faults: &mut Faults) -> Vec<Field> {
    let help = "write `struct Fields { … }`, with a field for everything that rows are found or sorted by";
    let fault = Fault::new("the fields of a list are a struct with named fields", help);
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => named.named.iter().filter_map(|field| Field::read(field, faults)).collect(),
            Fields::Unnamed(_) | Fields::Unit => {
                faults.on(&input.ident, &fault);
                Vec::new()
            }
        },
        Data::Enum(_) | Data::Union(_) => {
            faults.on(&input.ident, &fault);
            Vec::new()
        }
    }
}
