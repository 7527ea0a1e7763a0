//! The reader of requests as a function of bytes, for fuzz targets and property tests. It ends for any bytes, and panics where the
//! reader breaks a promise.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::request::{Document, Request};
use crate::call::Params;
use crate::codec::Codec;
use crate::limits::DocumentLimits;

/// Entries of a batch that are read.
const BATCH: usize = 50;

/// Reads a request in JSON. Whatever serde_json takes as a document, the reader takes, and the other way round.
///
/// # Panics
///
/// A promise is broken.
pub fn read_json_request(bytes: &[u8]) {
    let is_document = serde_json::from_slice::<&RawValue>(bytes).is_ok();
    assert_eq!(Codec::Json.level(bytes, BATCH).is_ok(), is_document, "serde_json takes otherwise");
    read(Codec::Json, bytes, |part| serde_json::from_slice::<&RawValue>(part).is_ok());
}

/// Reads a request in MessagePack. Whatever decodes, the reader takes; what it takes is whole in all its parts.
///
/// # Panics
///
/// A promise is broken.
pub fn read_msgpack_request(bytes: &[u8]) {
    let limits = DocumentLimits { depth: 128, values: usize::MAX };
    let level = Codec::MsgPack.level(bytes, BATCH);
    assert!(level.is_ok() || Codec::MsgPack.decode(bytes, limits).is_err(), "the reader refuses what decodes");
    read(Codec::MsgPack, bytes, |part| Codec::MsgPack.level(part, 0).is_ok() || has_other_keys(part));
}

/// Whether a part is a map that the reader takes as long as nobody asks what is in it.
fn has_other_keys(part: &[u8]) -> bool {
    Codec::MsgPack.level(part, 0).is_err_and(|error| error.reason().contains("key that is not a string"))
}

fn read(codec: Codec, bytes: &[u8], is_whole: impl Fn(&[u8]) -> bool) {
    let bytes = Bytes::copy_from_slice(bytes);
    let check = |request: &Request<'_>| {
        assert!(request.id.as_ref().is_none_or(|id| is_whole(id.as_bytes())), "an id is cut");
        if let Params::Member(params) = &request.params {
            assert!(is_whole(params), "parameters are cut");
        }
    };
    match Document::read(codec, &bytes, BATCH) {
        Ok(Document::Single(request)) => request.iter().for_each(check),
        Ok(Document::Batch(requests)) => requests.iter().flatten().for_each(check),
        Ok(Document::Answer) | Err(_) => {}
    }
}
