//! A method: attribute and function together.

use proc_macro2::Span;
use quote::quote;
use syn::{Attribute, FnArg, Ident, ReturnType, Type, Visibility};

use super::argument::{Argument, Param};
use crate::attr::method::MethodAttr;
use crate::docs::{self, Docs};
use crate::fault::Faults;
use crate::function::Function;

/// A method.
pub(crate) struct Method {
    pub(crate) attr: MethodAttr,
    pub(crate) docs: Docs,
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    /// The conditions under which the function exists.
    pub(crate) conditions: Vec<Attribute>,
    /// The function is deprecated in Rust, so that only the expansion may go on naming it.
    pub(crate) is_deprecated: bool,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: Type,
}

impl Method {
    /// Puts together what attribute and function say; what is wrong becomes a fault.
    pub(crate) fn read(attr: MethodAttr, function: &Function, faults: &mut Faults) -> Self {
        let signature = &function.signature;
        let is = |name: &'static str| move |attribute: &&Attribute| attribute.path().is_ident(name);
        let mut arguments = Vec::new();
        for argument in &signature.inputs {
            if let FnArg::Typed(argument) = argument {
                arguments.push(Argument::read(argument, faults));
            }
        }
        Self {
            attr,
            docs: docs::split(&docs::text(&function.attributes, faults)),
            ident: signature.ident.clone(),
            visibility: function.visibility.clone(),
            conditions: function.attributes.iter().filter(is("cfg")).cloned().collect(),
            is_deprecated: function.attributes.iter().any(|attribute| is("deprecated")(&attribute)),
            arguments,
            output: match &signature.output {
                ReturnType::Type(_, ty) => Type::clone(ty),
                ReturnType::Default => Type::Verbatim(quote!(())),
            },
        }
    }

    /// The positional parameters.
    pub(crate) fn params(&self) -> impl Iterator<Item = &Param> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Param(param) => Some(param),
            Argument::Reference(_) | Argument::Injected(_) => None,
        })
    }

    /// The place of the function's name, named as if the macro's caller had written it, but known to be the macro's, so that
    /// lints about the user's code leave the expansion alone.
    pub(crate) fn name(&self) -> Ident {
        Ident::new(&self.ident.to_string(), self.ident.span().resolved_at(Span::call_site()))
    }
}
