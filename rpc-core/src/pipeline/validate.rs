//! Stage 5: the parameters are decoded, put in order, and fit the method's schema.

use crate::borrowed::{BorrowedValue, Member};
use crate::call::{Params, Transport};
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode, Violation};
use crate::method::Method;
use crate::method::arguments::Arguments;
use crate::method::entry::UploadUse;
use crate::pointer::escape;
use crate::schema::label::shortened;
use crate::schema::violations::{self, MAX_LISTED};

/// Bytes of parameters that are in what a call is counted with.
const SMALL: usize = 256;

/// Makes the arguments of the handler. Returns them, and the bytes that they take beyond what a call is counted with.
pub(super) fn validate<'p>(ctx: &'p Ctx, params: &'p mut Params) -> Result<(Arguments<'p>, u64), ApiError> {
    let method = ctx.method();
    if !matches!(params, Params::Unreadable(_)) {
        check_upload(ctx)?;
        check_file(ctx)?;
    }
    let is_large = matches!(params, Params::Encoded(bytes) | Params::Member(bytes) if bytes.len() > SMALL);
    let values = BorrowedValue::Array(decode(ctx, params)?);
    let memory = if is_large { values.memory() as u64 } else { 0 };
    if !method.schema.validator().is_valid(&values) {
        return Err(violations::explain(method, &values));
    }
    match values {
        BorrowedValue::Array(mut values) => {
            set_defaults(method, &mut values);
            Ok((Arguments::new(values), memory))
        }
        _ => Err(ApiError::internal("positional parameters are an array")),
    }
}

/// Puts the defaults where a value is absent or `null`.
fn set_defaults<'p>(method: &'p Method, values: &mut Vec<BorrowedValue<'p>>) {
    for (position, default) in &method.defaults {
        values.resize(values.len().max(position + 1), BorrowedValue::Null);
        if values[*position] == BorrowedValue::Null {
            values[*position] = default.into();
        }
    }
}

/// The positional values.
fn decode<'p>(ctx: &Ctx, params: &'p mut Params) -> Result<Vec<BorrowedValue<'p>>, ApiError> {
    let (bytes, has_names) = match params {
        Params::Encoded(bytes) if ctx.codec().is_empty_document(bytes) => return Ok(Vec::new()),
        Params::Encoded(bytes) => (bytes, false),
        Params::Member(bytes) => (bytes, true),
        other => {
            return match std::mem::replace(other, Params::None) {
                Params::Positional(values) => Ok(values.into_iter().map(BorrowedValue::from).collect()),
                Params::Unreadable(error) => Err(error),
                _ => Ok(Vec::new()),
            };
        }
    };
    match ctx.codec().decode_borrowed(bytes, ctx.api().limits().document())? {
        BorrowedValue::Array(values) => Ok(values),
        BorrowedValue::Object(members) if has_names => in_order(members, ctx.method()),
        only => Ok(vec![only]),
    }
}

/// Puts named values into the order of the method's parameters; those left out are `null`, at the end they are absent.
fn in_order<'p>(mut members: Vec<Member<'p>>, method: &Method) -> Result<Vec<BorrowedValue<'p>>, ApiError> {
    let mut ordered = Vec::with_capacity(method.params().len());
    let mut missing = Vec::new();
    for (position, param) in method.params().iter().enumerate() {
        if let Some(found) = members.iter().position(|(name, _)| name == param.name()) {
            ordered.resize(position, BorrowedValue::Null);
            ordered.push(members.remove(found).1);
        } else {
            missing.extend(method.missing(position));
        }
    }
    if !members.is_empty() {
        return Err(ApiError::violations(unknown_names(&members, method)));
    }
    if missing.is_empty() { Ok(ordered) } else { Err(ApiError::violations(missing)) }
}

fn unknown_names(members: &[Member<'_>], method: &Method) -> Vec<Violation> {
    let unknown = |(name, _): &Member<'_>| Violation {
        pointer: shortened(format!("/{}", escape(name))),
        keyword: "additionalProperties".into(),
        message: format!("`{}` is no parameter: {}", shortened(name.to_string()), method.usage()),
    };
    members.iter().take(MAX_LISTED).map(unknown).collect()
}

/// An answer that is a file goes where it can be sent.
fn check_file(ctx: &Ctx) -> Result<(), ApiError> {
    if ctx.method().answers_file() && matches!(ctx.transport(), Transport::JsonRpc | Transport::WebSocket) {
        let reason =
            "Invalid request: the method answers with a file, which is sent over plain HTTP at the method's path";
        return Err(ApiError::of(ErrorCode::InvalidRequest).with_reason(reason));
    }
    Ok(())
}

/// A file comes where the method takes one, and only there.
fn check_upload(ctx: &Ctx) -> Result<(), ApiError> {
    let (method, uploads) = (ctx.method(), ctx.uploads());
    match (method.upload(), uploads.len()) {
        (UploadUse::Required, 0) if ctx.transport() == Transport::WebSocket => {
            Err(ApiError::of(ErrorCode::UploadOverWebSocket))
        }
        (UploadUse::Required, 0) => Err(ApiError::of(ErrorCode::FileMissing)),
        (UploadUse::None, 1..) => Err(ApiError::of(ErrorCode::NotAnUploadMethod)),
        (UploadUse::Required | UploadUse::Optional, 2..) => {
            Err(ApiError::of(ErrorCode::InvalidRequest).with_reason("Invalid request: the method takes one file"))
        }
        _ if uploads.size() > method.limits().upload => Err(ApiError::of(ErrorCode::TooLarge)),
        _ => Ok(()),
    }
}
