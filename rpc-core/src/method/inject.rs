//! Arguments by reference: what the application provides.

use super::entry::{Signature, UploadUse};
use crate::state::State;
use crate::{Ctx, RequestHead, Upload, Uploads};

/// What `&T` in a method's signature may be.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be injected into an API method",
    label = "not a state of the application",
    note = "an argument taken by reference is `&Ctx`, `&Upload` or a state: `impl rpc_core::State for {Self} {{}}` and `Api::builder().state(…)`",
    note = "a value that the caller sends is taken by value: `{Self}`"
)]
pub trait Inject: 'static {
    #[doc(hidden)]
    fn declare(signature: &mut Signature<'_>);
    #[doc(hidden)]
    fn inject(ctx: &Ctx) -> &Self;
}

impl Inject for Ctx {
    fn declare(_: &mut Signature<'_>) {}

    fn inject(ctx: &Ctx) -> &Self {
        ctx
    }
}

impl Inject for RequestHead {
    fn declare(signature: &mut Signature<'_>) {
        signature.head();
    }

    fn inject(ctx: &Ctx) -> &Self {
        ctx.head().unwrap_or_else(|| Self::none())
    }
}

impl Inject for Upload {
    fn declare(signature: &mut Signature<'_>) {
        signature.upload(UploadUse::Required);
    }

    fn inject(ctx: &Ctx) -> &Self {
        ctx.upload().expect("a call without a file does not get past the stage `validate`")
    }
}

impl Inject for Uploads {
    fn declare(signature: &mut Signature<'_>) {
        signature.upload(UploadUse::Several);
    }

    fn inject(ctx: &Ctx) -> &Self {
        ctx.uploads()
    }
}

#[diagnostic::do_not_recommend]
impl<S: State> Inject for S {
    fn declare(signature: &mut Signature<'_>) {
        signature.state::<S>();
    }

    fn inject(ctx: &Ctx) -> &Self {
        ctx.state::<S>()
    }
}

/// A whole argument type that holds a reference: `&T`, or `Option<&Upload>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be injected into an API method",
    label = "not an injected argument",
    note = "an injected argument is `&Ctx`, `&S` for a state `S`, `&Upload` or `Option<&Upload>`"
)]
pub trait Injected<'c>: Sized {
    #[doc(hidden)]
    fn declare(signature: &mut Signature<'_>);
    #[doc(hidden)]
    fn take(ctx: &'c Ctx) -> Self;
}

#[diagnostic::do_not_recommend]
impl<'c, T: Inject> Injected<'c> for &'c T {
    fn declare(signature: &mut Signature<'_>) {
        T::declare(signature);
    }

    fn take(ctx: &'c Ctx) -> Self {
        T::inject(ctx)
    }
}

impl<'c> Injected<'c> for Option<&'c Upload> {
    fn declare(signature: &mut Signature<'_>) {
        signature.upload(UploadUse::Optional);
    }

    fn take(ctx: &'c Ctx) -> Self {
        ctx.upload()
    }
}
