//! Arguments by reference: what the application provides.

use super::entry::{Signature, UploadUse};
use crate::{Ctx, RequestHead, Upload, Uploads};

/// A type of this crate that methods take by reference, such as [`Ctx`]. Of all other types `&T` is a [`State`](crate::State).
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
