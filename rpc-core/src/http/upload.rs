//! `multipart/form-data`: one part `file`, or several parts with files, and one part `params` before or after them.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyDataStream;
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::body::IncomingBody;
use crate::budget::{Account, Exhausted, Hold, Resource, Tally};
use crate::call::Params;
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::limits::EffectiveLimits;
use crate::upload::{Spool, Upload, Uploads};

/// The part with the parameters. Older clients call it `data`.
const PARAMS: [&str; 2] = ["params", "data"];
/// Files of one upload.
const MAX_FILES: usize = 32;
/// Bytes of the name of a file's field.
const LONGEST_FIELD: usize = 256;
/// Bytes of boundaries and part headers beside the file and the parameters.
const FRAMING: u64 = 64 * 1024;

/// Bytes that may come without a part's content among them. multer takes all that is there before it looks, which may be more than
/// the window of HTTP/2.
const BETWEEN: u64 = 1024 * 1024;
/// When to try again where a file cannot be stored.
const RETRY: Duration = Duration::from_secs(1);

/// What an upload brings.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) codec: Codec,
    pub(super) params: Params,
    pub(super) uploads: Uploads,
    /// Room in memory for all of it, where it is not with the files.
    pub(super) held: Option<Hold>,
}

/// Receives what an upload brings, part by part.
pub(super) struct Receiver<'a> {
    limits: EffectiveLimits,
    /// Whether the method takes more than one file.
    is_several: bool,
    account: Option<&'a Arc<Account>>,
    tally: Tally<'a>,
    /// The slot of the next file.
    slot: Option<Hold>,
    between: Between,
    uploads: Uploads,
    params: Option<(Codec, Params)>,
}

/// Bytes that came and are of no part's content yet. multer gathers them, and looks through all of them each time that more come.
#[derive(Debug, Clone, Default)]
struct Between(Arc<AtomicU64>);

impl Between {
    fn add(&self, piece: Bytes) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let bytes = piece.len() as u64;
        if self.0.fetch_add(bytes, Ordering::Relaxed) > BETWEEN {
            return Err("the headers of a part are too long".into());
        }
        Ok(piece)
    }

    /// A piece of content was found.
    fn ends(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The boundary of an upload's parts; `None` for any other content.
pub(super) fn boundary(content_type: &HeaderValue) -> Option<Result<String, ApiError>> {
    if !content_type.as_bytes().first().is_some_and(|first| first.eq_ignore_ascii_case(&b'm')) {
        return None;
    }
    let content_type = content_type.to_str().ok()?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_upload = essence.eq_ignore_ascii_case("multipart/form-data");
    is_upload.then(|| multer::parse_boundary(content_type).map_err(malformed))
}

/// Checks the declared length against its limit, before anything is read.
pub(super) fn check_length(headers: &HeaderMap, limits: &EffectiveLimits) -> Result<(), ApiError> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let Some(length) = length else {
        let reason = "Length is required: an upload has a `Content-Length`";
        return Err(ApiError::of(ErrorCode::LengthRequired).with_reason(reason));
    };
    if length > whole(limits) { Err(too_large(limits)) } else { Ok(()) }
}

fn whole(limits: &EffectiveLimits) -> u64 {
    limits.upload.saturating_add(limits.max_body).saturating_add(FRAMING)
}

impl<'a> Receiver<'a> {
    /// Takes a slot for the first file.
    pub(super) fn new(
        limits: EffectiveLimits,
        is_several: bool,
        account: Option<&'a Arc<Account>>,
        tally: Tally<'a>,
    ) -> Result<Self, Exhausted> {
        let slot = slot(account)?;
        let (between, uploads) = (Between::default(), Uploads::default());
        Ok(Self { limits, is_several, account, tally, slot, between, uploads, params: None })
    }

    /// Reads the parts; each file goes to its spool as it comes.
    pub(super) async fn read<B: IncomingBody>(mut self, body: B, boundary: String) -> Result<Received, ApiError> {
        let between = self.between.clone();
        let stream = std::pin::pin!(BodyDataStream::new(body).map(move |piece| match piece {
            Ok(mut data) => between.add(data.copy_to_bytes(data.remaining())),
            Err(error) => Err(error.into()),
        }));
        let size = SizeLimit::new().whole_stream(whole(&self.limits));
        let mut parts = parts(stream, boundary, size);
        self.tally.add(Spool::IN_MEMORY + BETWEEN)?;
        while let Some(part) = parts.next_field().await.map_err(|error| fault(error, &self.limits))? {
            self.part(part).await?;
            self.between.ends();
        }
        self.finish()
    }

    async fn part(&mut self, part: Field<'_>) -> Result<(), ApiError> {
        match part.name() {
            Some(Uploads::FILE) if !self.is_several && !self.uploads.is_empty() => Err(twice(Uploads::FILE)),
            Some(Uploads::FILE) => self.file(part).await,
            Some(name) if PARAMS.contains(&name) && self.params.is_some() => Err(twice(PARAMS[0])),
            Some(name) if PARAMS.contains(&name) => {
                self.params = Some(read_params(part, &self.limits, &mut self.tally, &self.between).await?);
                Ok(())
            }
            Some(_) if self.is_several && part.file_name().is_some() => self.file(part).await,
            _ => skip(part, &self.limits, &self.between).await,
        }
    }

    /// One file. Each has a slot, and room for what of it is in memory.
    async fn file(&mut self, part: Field<'_>) -> Result<(), ApiError> {
        if self.uploads.len() == MAX_FILES {
            let reason = format!("Content is too large: an upload has at most {MAX_FILES} files");
            return Err(ApiError::of(ErrorCode::TooLarge).with_reason(reason));
        }
        let field = part.name().unwrap_or_default().to_owned();
        if field.len() > LONGEST_FIELD {
            let reason = format!("Invalid request: the name of a field has at most {LONGEST_FIELD} bytes");
            return Err(ApiError::of(ErrorCode::InvalidRequest).with_reason(reason));
        }
        let slot = match self.slot.take() {
            Some(slot) => Some(slot),
            None if self.uploads.is_empty() => None,
            None => {
                self.tally.add(Spool::IN_MEMORY)?;
                slot(self.account)?
            }
        };
        let file = read_file(part, &self.limits, self.uploads.size(), &self.between).await?;
        self.uploads.push(&field, file.holding([slot, None]));
        Ok(())
    }

    fn finish(self) -> Result<Received, ApiError> {
        if self.uploads.is_empty() && !self.is_several {
            return Err(ApiError::of(ErrorCode::FileMissing));
        }
        let (codec, params) = self.params.unwrap_or((Codec::Json, Params::None));
        let held = self.tally.finish();
        let mut uploads = self.uploads;
        let held = uploads.hold(held);
        Ok(Received { codec, params, uploads, held })
    }
}

fn slot(account: Option<&Arc<Account>>) -> Result<Option<Hold>, Exhausted> {
    account.map(|account| account.take(Resource::Uploads, 1)).transpose()
}

fn parts<'s>(
    stream: impl Stream<Item = Result<Bytes, Box<dyn Error + Send + Sync>>> + Send + 's,
    boundary: String,
    size: SizeLimit,
) -> Multipart<'s> {
    Multipart::with_constraints(stream, boundary, Constraints::new().size_limit(size))
}

/// A file, which comes after others of so many bytes.
async fn read_file(
    mut part: Field<'_>,
    limits: &EffectiveLimits,
    before: u64,
    between: &Between,
) -> Result<Upload, ApiError> {
    let mut spool = Spool::default();
    while let Some(piece) = part.chunk().await.map_err(|error| fault(error, limits))? {
        between.ends();
        if before + spool.size() + piece.len() as u64 > limits.upload {
            return Err(too_large(limits));
        }
        spool.write(&piece).await.map_err(no_room)?;
    }
    let content_type = part.content_type().map_or("application/octet-stream", |mime| mime.as_ref());
    spool.finish(part.file_name().unwrap_or_default(), content_type).await.map_err(no_room)
}

async fn read_params(
    mut part: Field<'_>,
    limits: &EffectiveLimits,
    tally: &mut Tally<'_>,
    between: &Between,
) -> Result<(Codec, Params), ApiError> {
    let content_type = part.content_type().map(AsRef::as_ref);
    let codec = Codec::of_content_type(content_type).ok_or_else(|| {
        ApiError::of(ErrorCode::UnsupportedMediaType)
            .with_reason("Content type is not supported: `params` is application/json or application/msgpack")
    })?;
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|error| fault(error, limits))? {
        between.ends();
        if (bytes.len() + piece.len()) as u64 > limits.max_body {
            let reason =
                format!("Content is too large: the limit of `params` is {} bytes (`max_body`)", limits.max_body);
            return Err(ApiError::of(ErrorCode::TooLarge).with_reason(reason));
        }
        tally.add(piece.len() as u64)?;
        bytes.extend_from_slice(&piece);
    }
    Ok((codec, Params::Encoded(bytes.into())))
}

async fn skip(mut part: Field<'_>, limits: &EffectiveLimits, between: &Between) -> Result<(), ApiError> {
    while part.chunk().await.map_err(|error| fault(error, limits))?.is_some() {
        between.ends();
    }
    Ok(())
}

fn fault(error: multer::Error, limits: &EffectiveLimits) -> ApiError {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => too_large(limits),
        error => malformed(error),
    }
}

fn malformed(error: multer::Error) -> ApiError {
    ApiError::of(ErrorCode::LengthRequired).with_reason("The upload is malformed or cut").with_source(error)
}

/// The error for a temporary folder that is gone, full or not writable. It passes when somebody repairs that.
fn no_room(error: io::Error) -> ApiError {
    let reason = "Service is unavailable: uploads cannot be stored now";
    ApiError::unavailable(error, RETRY).with_reason(reason)
}

fn twice(name: &str) -> ApiError {
    ApiError::of(ErrorCode::InvalidRequest).with_reason(format!("Invalid request: the part `{name}` is there twice"))
}

fn too_large(limits: &EffectiveLimits) -> ApiError {
    let reason = format!("Content is too large: the limit of the file is {} bytes (`upload`)", limits.upload);
    ApiError::of(ErrorCode::TooLarge).with_reason(reason)
}
