//! Faults in what the user wrote, collected so that all of them are reported together.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }

    /// The text of the compiler's error.
    fn text(&self) -> String {
        format!("{}\n\n  = help: {}\n", self.message, self.help)
    }
}

/// The faults of one macro call. Dropping them unread is a mistake of this crate and panics.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    errors: Vec<syn::Error>,
    left_to_the_compiler: bool,
    read: bool,
}

impl Faults {
    /// Notes a fault at the location of `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, fault: &Fault) {
        self.errors.push(syn::Error::new_spanned(tokens, fault.text()));
    }

    /// Notes a fault at `span`.
    pub(crate) fn at(&mut self, span: Span, fault: &Fault) {
        self.errors.push(syn::Error::new(span, fault.text()));
    }

    /// Notes a syntax error as `syn` words it.
    pub(crate) fn syntax(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// The value, or a note of its fault at the location of `tokens`.
    pub(crate) fn take<T>(&mut self, tokens: impl ToTokens, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.on(tokens, &fault)).ok()
    }

    /// Notes a fault that the compiler reports itself, in the function as it was written.
    pub(crate) fn left_to_the_compiler(&mut self) {
        self.left_to_the_compiler = true;
    }

    /// Whether there were none.
    ///
    /// # Errors
    ///
    /// There were: these are the `compile_error!` calls.
    pub(crate) fn finish(mut self) -> Result<(), TokenStream> {
        self.read = true;
        if self.errors.is_empty() && !self.left_to_the_compiler {
            return Ok(());
        }
        Err(self.errors.drain(..).map(syn::Error::into_compile_error).collect())
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        assert!(self.read || std::thread::panicking(), "faults were collected and never reported");
    }
}
