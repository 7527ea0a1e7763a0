//! Compresses large answers for clients that take gzip. It does a piece at a time, since others run on the same thread.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use http::{HeaderMap, HeaderValue, Response};

use super::respond::ResponseBody;
use crate::budget::{Account, Resource};

/// Bytes from which an answer is compressed.
const COMPRESS_FROM: u64 = 1024;

/// Bytes that are compressed or decompressed without a pause: less than a millisecond of work.
pub(super) const PIECE: usize = 64 * 1024;

/// Whether an answer is so large that it is compressed. Files are sent as they are.
pub(super) fn pays(response: &Response<ResponseBody>) -> bool {
    response.body().whole().is_some_and(|body| body.len() as u64 > COMPRESS_FROM)
}

/// The answer, compressed if the request says that it may be. While it waits in between, its memory is taken from the account;
/// where there is none, it does not wait.
pub(super) async fn compressed(
    mut response: Response<ResponseBody>,
    request: &HeaderMap,
    account: Option<&Arc<Account>>,
) -> Response<ResponseBody> {
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
    if !accepts_gzip(request) {
        return response;
    }
    let Some(body) = response.body().whole().cloned() else { return response };
    let (mut head, _) = response.into_parts();
    let room = account.map(|account| account.take(Resource::Memory, body.len() as u64)).transpose();
    match gzip(&body, room.is_ok()).await {
        Ok(compressed) => {
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(head, ResponseBody::new(Bytes::from(compressed)))
        }
        Err(_) => Response::from_parts(head, ResponseBody::new(body)),
    }
}

async fn gzip(body: &[u8], pauses: bool) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    for (number, piece) in body.chunks(PIECE).enumerate() {
        if pauses && number > 0 {
            tokio::task::yield_now().await;
        }
        encoder.write_all(piece)?;
    }
    encoder.finish()
}

/// `gzip` or `*`, without `q=0` (RFC 9110, section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let lines = request.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut any = false;
    for coding in lines.flat_map(|line| line.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        if name.eq_ignore_ascii_case("gzip") {
            return quality > 0.0;
        }
        any |= name == "*" && quality > 0.0;
    }
    any
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use http::header::ACCEPT_ENCODING;
    use http::{HeaderMap, HeaderValue};

    use super::{PIECE, accepts_gzip, gzip};

    #[test]
    fn gzip_is_sent_only_to_who_takes_it() {
        let accepts = |value: &'static str| {
            accepts_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for value in ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "gzip; q=0, *", "*;q=0"] {
            assert!(!accepts(value), "{value}");
        }
    }

    #[tokio::test]
    async fn others_run_between_the_pieces_of_a_large_answer() {
        let body = [7; 3 * PIECE];
        let turns = std::cell::Cell::new(0);
        let others = async {
            loop {
                turns.set(turns.get() + 1);
                tokio::task::yield_now().await;
            }
        };
        let compressed = tokio::select! {
            biased;
            compressed = gzip(&body, true) => compressed.unwrap(),
            () = others => unreachable!("it has no end"),
        };
        assert_eq!(turns.get(), 2);
        assert_eq!(gzip(&body, false).now_or_never().unwrap().unwrap(), compressed);
    }
}
