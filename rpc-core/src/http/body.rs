//! Reading a request's body: within its limit, and decompressed within the same limit.

use std::error::Error;
use std::io::{self, BufRead, ErrorKind, Read};

use bytes::{Buf, Bytes, BytesMut};
use flate2::bufread::MultiGzDecoder;
use http::HeaderValue;
use http_body::Body;
use http_body_util::BodyExt;

use super::compress::PIECE;
use crate::budget::{Hold, Tally};
use crate::error::{ApiError, ErrorCode};

/// Bytes of gzip that are read without a pause. A body may be of nothing but members without a byte in them, which take the
/// longest: some microseconds each.
const GZIP_PIECE: usize = 4 * 1024;

/// The body of a request, from whatever server the service is mounted in. Every body with bytes and errors is one.
pub(super) trait IncomingBody:
    Body<Data: Buf + Send, Error: Into<Box<dyn Error + Send + Sync>> + Send> + Send
{
}

impl<B> IncomingBody for B where B: Body<Data: Buf + Send, Error: Into<Box<dyn Error + Send + Sync>> + Send> + Send {}

/// What the headers say of the body.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Announced<'h> {
    /// `Content-Encoding`.
    pub(super) encoding: Option<&'h HeaderValue>,
    /// It is encoded in a further way: a second `Content-Encoding`, or a `Transfer-Encoding` that is not `chunked` alone.
    pub(super) is_wrapped: bool,
    /// `Expect`: the sender waits until it is asked for the body.
    pub(super) waits: bool,
}

/// Reads a whole body of at most `limit` bytes, before and after decompression.
pub(super) async fn read<B: IncomingBody>(
    announced: Announced<'_>,
    body: B,
    limit: u64,
    mut tally: Tally<'_>,
) -> Result<(Bytes, Option<Hold>), ApiError> {
    let gzip = announced.is_gzip()?;
    let mut body = std::pin::pin!(body);
    if body.size_hint().lower() > limit {
        return Err(too_large(limit));
    }
    let bytes = collect(&mut body, limit, &mut tally).await?;
    if !gzip {
        return Ok((bytes, tally.finish()));
    }
    let plain = Box::pin(gunzip(&bytes, limit, &mut tally)).await?;
    tally.keep(plain.len() as u64);
    Ok((plain, tally.finish()))
}

impl Announced<'_> {
    fn is_gzip(self) -> Result<bool, ApiError> {
        let is = |name: &str| {
            self.encoding.is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
        };
        match self.encoding {
            _ if self.is_wrapped => Err(unsupported("gzip or none")),
            None => Ok(false),
            Some(_) if is("identity") => Ok(false),
            // The second name is the first one's (RFC 9110, section 8.4.1.3).
            Some(_) if is("gzip") || is("x-gzip") => Ok(true),
            Some(_) => Err(unsupported("gzip or none")),
        }
    }

    /// Refuses encodings, for content whose files are stored as they come.
    pub(super) fn check_plain(self) -> Result<(), ApiError> {
        if self.is_gzip()? { Err(unsupported("an upload as it is")) } else { Ok(()) }
    }
}

/// The frames of a body, without a copy when there is only one.
async fn collect<B: IncomingBody>(
    body: &mut std::pin::Pin<&mut B>,
    limit: u64,
    tally: &mut Tally<'_>,
) -> Result<Bytes, ApiError> {
    let Some(first) = next(body, (0, limit), tally).await? else { return Ok(Bytes::new()) };
    if body.is_end_stream() {
        return Ok(first);
    }
    let Some(second) = next(body, (first.len(), limit), tally).await? else { return Ok(first) };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    while let Some(data) = next(body, (all.len(), limit), tally).await? {
        all.extend_from_slice(&data);
    }
    Ok(all.freeze())
}

/// The next bytes of a body, if there are any: after so many, of at most so many.
async fn next<B: IncomingBody>(
    body: &mut std::pin::Pin<&mut B>,
    (before, limit): (usize, u64),
    tally: &mut Tally<'_>,
) -> Result<Option<Bytes>, ApiError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| cut(error.into()))?;
        let Ok(mut data) = frame.into_data() else { continue };
        let length = data.remaining();
        if (before + length) as u64 > limit {
            return Err(too_large(limit));
        }
        if length > 0 {
            tally.add(length as u64)?;
            return Ok(Some(data.copy_to_bytes(length)));
        }
    }
    Ok(None)
}

/// Decompresses all members (RFC 1952, section 2.2), and lets others run in between. Whatever else follows a member is refused,
/// padding with zeros too: what is not understood may be a part of what was meant. A body without a byte is none, and has nothing
/// to decompress.
async fn gunzip(bytes: &[u8], limit: u64, tally: &mut Tally<'_>) -> Result<Bytes, ApiError> {
    if bytes.is_empty() {
        return Ok(Bytes::new());
    }
    let mut plain = Vec::new();
    let mut reader = MultiGzDecoder::new(Paced { rest: bytes, now: GZIP_PIECE }).take(limit.saturating_add(1));
    loop {
        let before = plain.len();
        let is_whole = match (&mut reader).take(PIECE as u64).read_to_end(&mut plain) {
            Ok(read) => read < PIECE,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => {
                let reason = format!("Parse error: the body is no gzip: {error}");
                return Err(ApiError::of(ErrorCode::Parse).with_reason(reason));
            }
        };
        if plain.len() as u64 > limit {
            return Err(too_large(limit));
        }
        tally.add((plain.len() - before) as u64)?;
        if is_whole {
            return Ok(plain.into());
        }
        tokio::task::yield_now().await;
        reader.get_mut().get_mut().now = GZIP_PIECE;
    }
}

/// Bytes of which only a piece can be read now. Reading beyond it is an error of the kind `WouldBlock`, after which reading can
/// go on.
struct Paced<'b> {
    rest: &'b [u8],
    now: usize,
}

impl BufRead for Paced<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.now == 0 && !self.rest.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(&self.rest[..self.now.min(self.rest.len())])
    }

    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount..];
        self.now -= amount;
    }
}

impl Read for Paced<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

fn unsupported(instead: &str) -> ApiError {
    ApiError::of(ErrorCode::UnsupportedMediaType)
        .with_reason(format!("Content encoding is not supported: send {instead}"))
}

fn too_large(limit: u64) -> ApiError {
    ApiError::of(ErrorCode::TooLarge)
        .with_reason(format!("Content is too large: the limit is {limit} bytes (`max_body`)"))
}

/// The error for a body that did not come in its time.
pub(super) fn late() -> ApiError {
    ApiError::new(408, "The body took too long (`body_timeout`)")
}

/// Whether a body of a server around this one was given up, as a `TimedOut` somewhere below.
fn is_late(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<io::Error>() {
        Some(error) if error.kind() == ErrorKind::TimedOut => true,
        _ => error.source().is_some_and(is_late),
    }
}

fn cut(error: Box<dyn Error + Send + Sync>) -> ApiError {
    if is_late(&*error) {
        return late();
    }
    ApiError::of(ErrorCode::InvalidRequest).with_reason("The body ends before its end").with_source(error)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bytes::Bytes;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures_util::FutureExt;
    use http::HeaderValue;
    use http_body_util::{BodyExt, Full, StreamBody};
    use hyper::body::Frame;

    use super::{Announced, IncomingBody};
    use crate::budget::Tally;
    use crate::error::ApiError;

    async fn read<B: IncomingBody>(announced: Announced<'_>, body: B, limit: u64) -> Result<Bytes, ApiError> {
        super::read(announced, body, limit, Tally::new(None, 0)).await.map(|(bytes, _)| bytes)
    }

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    static GZIP: HeaderValue = HeaderValue::from_static("gzip");
    const GZIPPED: Announced<'static> = Announced { encoding: Some(&GZIP), is_wrapped: false, waits: false };

    #[test_waits::test]
    async fn frames_are_joined_up_to_the_limit() {
        let frames = || {
            let frames = ["ab", "", "cd", "e"].map(|text| Ok::<_, std::io::Error>(Frame::data(Bytes::from(text))));
            StreamBody::new(futures_util::stream::iter(frames)).boxed()
        };
        assert_eq!(read(Announced::default(), frames(), 5).await.unwrap(), "abcde");
        let error = read(Announced::default(), frames(), 4).await.unwrap_err();
        assert_eq!(error.status(), 413);
        assert!(error.reason().contains("4 bytes (`max_body`)"), "{error}");
    }

    #[test_waits::test]
    async fn gzip_is_read_and_a_bomb_is_not() {
        let body = Full::new(gzip(b"[1]"));
        assert_eq!(read(GZIPPED, body, 100).await.unwrap(), "[1]");
        let bomb = Full::new(gzip(&vec![b' '; 10_000_000]));
        assert_eq!(read(GZIPPED, bomb, 100_000).await.unwrap_err().status(), 413);
        let broken = Full::new(Bytes::from_static(b"no gzip"));
        assert_eq!(read(GZIPPED, broken, 100).await.unwrap_err().status(), 400);
    }

    #[test_waits::test]
    async fn every_member_is_read_and_the_limit_holds_for_all_of_them_together() {
        let members = |texts: &[&str]| {
            Full::new(Bytes::from(texts.iter().flat_map(|text| gzip(text.as_bytes())).collect::<Vec<u8>>()))
        };
        assert_eq!(read(GZIPPED, members(&["", "[1", "", ",2]", ""]), 1000).await.unwrap(), "[1,2]");
        let (half, more) = ("a".repeat(150), "a".repeat(151));
        assert_eq!(read(GZIPPED, members(&[&half, &half]), 300).await.unwrap(), "a".repeat(300));
        assert_eq!(read(GZIPPED, members(&[&half, &more]), 300).await.unwrap_err().status(), 413);
        assert_eq!(read(GZIPPED, Full::new(Bytes::new()), 5).await.unwrap(), "");
    }

    #[test_waits::test]
    async fn what_is_cut_or_followed_by_anything_but_a_member_is_no_gzip() {
        let whole = [gzip(b"[1]"), gzip(b"")].concat();
        for end in 1..whole.len() {
            let is_member = end == gzip(b"[1]").len();
            let result = read(GZIPPED, Full::new(Bytes::copy_from_slice(&whole[..end])), 100).await;
            assert_eq!(result.is_ok(), is_member, "{end}: {result:?}");
            assert!(result.is_ok() || result.is_err_and(|error| error.status() == 400));
        }
        for rest in [&b"x"[..], b"\0", b"\0\0\0\0\0\0\0\0\0\0\0\0", b"[2]", b"\x1f", b"\x1f\x8b"] {
            let body = Full::new(Bytes::from([&whole[..], rest].concat()));
            assert_eq!(read(GZIPPED, body, 100).await.unwrap_err().status(), 400, "{rest:?}");
        }
        let mut wrong = whole;
        let end = gzip(b"[1]").len();
        wrong[end - 5] ^= 1;
        assert_eq!(read(GZIPPED, Full::new(Bytes::from(wrong)), 100).await.unwrap_err().status(), 400);
    }

    #[tokio::test]
    async fn a_large_body_is_read_with_pauses_wherever_they_fall() {
        let texts: Vec<String> = (0..3000).map(|number| "x".repeat(number % 9)).collect();
        let members: Vec<u8> = texts.iter().flat_map(|text| gzip(text.as_bytes())).collect();
        assert!(members.len() > 10 * super::GZIP_PIECE);
        for cut in 0..40 {
            // Each beginning moves the pauses to other places of members.
            let body = [gzip("y".repeat(cut).as_bytes()), gzip(&members), Bytes::from(members.clone())].concat();
            let mut reading = Box::pin(read(GZIPPED, Full::new(Bytes::from(body)), 1_000_000));
            assert!((&mut reading).now_or_never().is_none(), "others run in between");
            let plain = reading.await.unwrap();
            assert_eq!(plain, ["y".repeat(cut).as_bytes(), &members, texts.concat().as_bytes()].concat(), "{cut}");
        }
    }
}
