//! Who provides an argument `&T`: this crate, the application, or nobody, since callers send such values.
//!
//! A state may be of any type, so no trait can tell the kinds of types apart. Method resolution can: the expansion calls
//! `(&&&Provider::<T>::OF).provider()`, and the first of the traits below that `T` fits gives the answer.

use std::fmt;
use std::marker::PhantomData;

use super::entry::Signature;
use super::inject::Inject;
use crate::Ctx;
use crate::state::State;

/// The question who provides `&T`.
pub struct Provider<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Provider<T> {
    /// The question.
    pub const OF: Self = Self(PhantomData);
}

impl<T: ?Sized> fmt::Debug for Provider<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

/// First: what this crate provides.
pub trait OfCrate {
    /// The answer.
    fn provider(&self) -> Crate {
        Crate
    }
}

impl<T: Inject + ?Sized> OfCrate for &&Provider<T> {}

/// Second: what callers send, and methods take by value.
pub trait OfCaller {
    /// The type to take.
    type Owned;

    /// The answer.
    fn provider(&self) -> Caller<Self::Owned> {
        Caller(PhantomData)
    }
}

impl OfCaller for &Provider<str> {
    type Owned = String;
}

impl<T> OfCaller for &Provider<[T]> {
    type Owned = Vec<T>;
}

impl<T> OfCaller for &Provider<Vec<T>> {
    type Owned = Vec<T>;
}

impl<T> OfCaller for &Provider<Option<T>> {
    type Owned = Option<T>;
}

macro_rules! of_caller {
    ($($ty:ty)*) => {$(
        impl OfCaller for &Provider<$ty> {
            type Owned = $ty;
        }
    )*};
}

of_caller! { String bool char u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 serde_json::Value }

/// Last: the application, whatever the type.
pub trait OfApplication {
    /// The answer.
    fn provider(&self) -> Application {
        Application
    }
}

impl<T: ?Sized> OfApplication for Provider<T> {}

/// This crate.
#[derive(Debug)]
pub struct Crate;

/// The caller, who cannot provide a reference.
#[derive(Debug)]
pub struct Caller<O>(PhantomData<fn() -> O>);

/// The application.
#[derive(Debug)]
pub struct Application;

/// What no type is: a reference that a caller provides.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be injected into an API method: callers send such values",
    label = "take `{Owned}` by value",
    note = "an argument taken by value comes from the caller, an argument taken by reference from the application: a state, `&Ctx` or `&Upload`",
    note = "where it is meant as a state, put it into a struct of the application"
)]
pub trait Sent<Owned> {}

impl Crate {
    /// Describes the argument.
    pub fn declare<T: Inject + ?Sized>(self, signature: &mut Signature<'_>) {
        T::declare(signature);
    }

    /// Gives the argument.
    #[must_use]
    pub fn inject<T: Inject + ?Sized>(self, ctx: &Ctx) -> &T {
        T::inject(ctx)
    }
}

impl<O> Caller<O> {
    /// Does not compile.
    pub fn declare<T: Sent<O> + ?Sized>(self, _: &mut Signature<'_>) {}

    /// Does not compile.
    #[must_use]
    pub fn inject<T: Sent<O> + ?Sized>(self, _: &Ctx) -> &T {
        unreachable!("no type is `Sent`")
    }
}

impl Application {
    /// Describes the argument.
    pub fn declare<T: State + ?Sized>(self, signature: &mut Signature<'_>) {
        signature.state::<T>();
    }

    /// Gives the argument.
    #[must_use]
    pub fn inject<T: State + ?Sized>(self, ctx: &Ctx) -> &T {
        ctx.state::<T>()
    }
}
