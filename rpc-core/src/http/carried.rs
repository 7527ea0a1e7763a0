//! What an answer carries beside its envelope, on plain HTTP: headers, what caches are told, a file.

use std::sync::Arc;

use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, LOCATION, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::range::{self, Wanted};
use super::request::RequestContext;
use super::respond;
use super::response_body::ResponseBody;
use crate::budget::{Exhausted, Hold, Resource};
use crate::call::Outcome;
use crate::error::{ApiError, ErrorCode};
use crate::reply::{Chunks, Content, Download, Encoded, ReplyHead, disposition};

/// A file that a browser shows runs nothing, and is of no origin.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

impl RequestContext<'_> {
    /// The answer over plain HTTP.
    pub(super) fn plain_answer(&self, mut outcome: Outcome) -> Response<ResponseBody> {
        match &mut outcome.result {
            Ok(reply) if reply.head().is_some() => match reply.take_download() {
                Some(download) => self.download(reply, download).unwrap_or_else(|error| self.refuse(error)),
                None => self.with_head(&outcome),
            },
            _ => {
                let mut response = respond::plain(&outcome, self.id);
                if self.parts.method == Method::HEAD && response.status() == StatusCode::METHOD_NOT_ALLOWED {
                    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
                }
                response
            }
        }
    }

    /// An answer in the envelope, with what it carries beside that.
    fn with_head(&self, outcome: &Outcome) -> Response<ResponseBody> {
        let mut response = respond::plain(outcome, self.id);
        let Ok(Some(head)) = outcome.result.as_ref().map(Encoded::head) else { return response };
        if let Some(location) = &head.location {
            response.headers_mut().insert(LOCATION, location.clone());
        }
        if !self.is_query() || response.status() != StatusCode::OK {
            return response;
        }
        // The bytes differ by codec and compression, what they say does not: the tag is a weak one.
        let weak = head.etag.as_ref().and_then(|tag| HeaderValue::from_str(&format!("W/{}", tag.to_str().ok()?)).ok());
        self.note_cache(head, weak.as_ref(), response.headers_mut());
        match weak.filter(|tag| range::is_known(&self.parts.headers, tag)) {
            Some(_) => self.not_modified(response.headers()),
            None => response,
        }
    }

    /// Whether the request only asks: GET or HEAD.
    fn is_query(&self) -> bool {
        matches!(self.parts.method, Method::GET | Method::HEAD)
    }

    fn note_cache(&self, head: &ReplyHead, etag: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if let Some(etag) = etag {
            headers.insert(ETAG, etag.clone());
        }
        if let Some(cache) = head.cache.filter(|_| self.is_query())
            && let Ok(value) = HeaderValue::from_str(&cache.value())
        {
            headers.insert(CACHE_CONTROL, value);
            headers.append(VARY, HeaderValue::from_static(cache.vary(self.api().authenticator().reads_head())));
        }
    }

    /// 304: the client has that version already. It says what the whole answer would say of the version.
    fn not_modified(&self, answer: &HeaderMap) -> Response<ResponseBody> {
        let mut response = respond::empty(StatusCode::NOT_MODIFIED, self.id);
        for name in [CACHE_CONTROL, ETAG, VARY] {
            for value in answer.get_all(&name) {
                response.headers_mut().append(&name, value.clone());
            }
        }
        response
    }

    /// The answer that is a file, or the part of it that was asked for.
    fn download(&self, reply: &Encoded, mut download: Download) -> Result<Response<ResponseBody>, ApiError> {
        let head = reply.head();
        download.etag = download.etag.or_else(|| head.and_then(|head| head.etag.clone()));
        let mut response = respond::empty(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK), self.id);
        self.describe(reply, &download, response.headers_mut());
        let is_usual = response.status() == StatusCode::OK;
        let known = |tag: &HeaderValue| range::is_known(&self.parts.headers, tag);
        if is_usual && self.is_query() && download.etag.as_ref().is_some_and(known) {
            return Ok(self.not_modified(response.headers()));
        }
        let all = download.seekable_size().unwrap_or(0);
        let content = match self.part(&download).filter(|_| is_usual) {
            None | Some(Wanted::Whole) => download.content,
            Some(Wanted::Unsatisfiable) => return Ok(self.unsatisfiable(all)),
            Some(Wanted::Part { from, bytes }) => {
                let range = HeaderValue::from_str(&format!("bytes {from}-{}/{all}", from + bytes - 1));
                response.headers_mut().insert(CONTENT_RANGE, range.map_err(ApiError::internal)?);
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                download.content.part(from, bytes)
            }
        };
        *response.body_mut() = self.file_body(content, response.headers_mut())?;
        Ok(response)
    }

    /// What is said of a file before its content.
    fn describe(&self, reply: &Encoded, download: &Download, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, download.content_type.clone());
        headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
        if let Ok(value) = HeaderValue::from_str(&disposition(&download.name, download.is_inline)) {
            headers.insert(CONTENT_DISPOSITION, value);
        }
        if download.seekable_size().is_some() {
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        if let Some(head) = reply.head() {
            respond::add_headers(head, headers);
            self.note_cache(head, download.etag.as_ref(), headers);
        }
    }

    /// The part that is wanted. Ranges are for GET only (RFC 9110, section 14.2).
    fn part(&self, download: &Download) -> Option<Wanted> {
        let length = download.seekable_size().filter(|_| self.parts.method == Method::GET)?;
        Some(range::wanted(&self.parts.headers, length, download.etag.as_ref()))
    }

    fn unsatisfiable(&self, length: u64) -> Response<ResponseBody> {
        let reason = format!("The range is not in the file: it has {length} bytes");
        let mut response = self.refuse(ApiError::of(ErrorCode::InvalidRequest).with_status(416).with_reason(reason));
        if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
            response.headers_mut().insert(CONTENT_RANGE, value);
        }
        response
    }

    /// The content, which counts as a call that runs until it is out. HEAD has none, but says how long it would be.
    fn file_body(&self, content: Content, headers: &mut HeaderMap) -> Result<ResponseBody, Exhausted> {
        if self.parts.method == Method::HEAD {
            if let Some(length) = content.size() {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            return Ok(ResponseBody::default());
        }
        let held = self.hold_file(content.in_memory())?;
        Ok(ResponseBody::file(Chunks::of(content), held))
    }

    fn hold_file(&self, in_memory: u64) -> Result<[Option<Hold>; 2], Exhausted> {
        let Some(account) = self.account else { return Ok([None, None]) };
        let take = |resource, amount| Arc::clone(account).take(resource, amount);
        let memory = (in_memory > 0).then(|| take(Resource::Memory, in_memory)).transpose()?;
        Ok([Some(take(Resource::Calls, 1)?), memory])
    }
}
