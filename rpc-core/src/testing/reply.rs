//! An answer to a client inside the process.

use std::any::type_name;
use std::io;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fail;
use crate::call::Outcome;
use crate::codec::Codec;
use crate::error::payload::{Content, Payload};
use crate::error::{ApiError, Details};
use crate::limits::DocumentLimits;
use crate::reply::{Download, Encoded};

/// An answer, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReply {
    /// The HTTP status.
    pub status: u16,
    /// The reason.
    pub reason: String,
    /// The data; for an error, the details that its method gave, with their `kind`, or `null`.
    pub data: Value,
    /// Further fields, such as `total`.
    pub extra: Map<String, Value>,
    /// The number of the error's code.
    pub code: Option<i32>,
    /// The details of an error, such as what is wrong with the parameters.
    pub details: Details,
    /// The headers that the method has set, cookies and the location of a redirect among them.
    pub headers: HeaderMap,
    /// The file that the answer is, where it is one.
    pub file: Option<TestFile>,
}

/// A file as an answer, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// The name that clients are told.
    pub name: String,
    /// The content type.
    pub content_type: String,
    /// All of it.
    pub content: Bytes,
}

impl TestFile {
    pub(super) async fn read(download: Download) -> io::Result<Self> {
        let (name, content_type) = (download.name().into_owned(), download.content_type.clone());
        let content_type = content_type.to_str().unwrap_or_default().to_owned();
        Ok(Self { name, content_type, content: download.read().await? })
    }
}

impl TestReply {
    /// The data as a type.
    ///
    /// # Panics
    ///
    /// The call failed, or the data are something else: the message has the answer.
    #[must_use]
    #[track_caller]
    pub fn data_as<T: DeserializeOwned>(&self) -> T {
        self.read().unwrap_or_else(|reason| fail(format_args!("the call {reason}")))
    }

    /// The details of an error as a type: a struct of the variant's fields, or an enum with `#[serde(tag = "kind")]`.
    ///
    /// # Errors
    ///
    /// They are of another type, or there are none.
    pub fn error_details<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(if self.code.is_some() { self.data.clone() } else { Value::Null })
    }

    /// The data as a type, or in words what they are in place of it.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        if self.code.is_some() {
            return Err(self.told_failure());
        }
        T::deserialize(&self.data).map_err(|error| {
            format!("answered {}, which is no `{}`: {error}\n{:#}", self.status, type_name::<T>(), self.data)
        })
    }

    fn told_failure(&self) -> String {
        let details = serde_json::to_string(&self.details).unwrap_or_default();
        format!("failed: {} {} {details}", self.status, self.reason)
    }
}

impl From<Outcome> for TestReply {
    fn from(outcome: Outcome) -> Self {
        let (status, reason, codec) = (outcome.status(), outcome.reason().to_owned(), outcome.codec);
        match outcome.result {
            Ok(reply) => Self {
                status,
                reason,
                headers: headers(&reply),
                file: None,
                data: decoded(codec, &reply.data),
                extra: reply.extra,
                code: None,
                details: Details::default(),
            },
            Err(error) => {
                let (data, extra) = shown(codec, &error);
                let (code, details) = (Some(error.number()), error.details().clone());
                Self { status, reason, data, extra, code, details, headers: HeaderMap::new(), file: None }
            }
        }
    }
}

fn decoded(codec: Codec, bytes: &[u8]) -> Value {
    codec.decode(bytes, DocumentLimits::NONE).expect("what was encoded decodes")
}

/// What a method gave to its error: data, and extra fields of a reply.
fn shown(codec: Codec, error: &ApiError) -> (Value, Map<String, Value>) {
    match error.payload() {
        None => (Value::Null, Map::new()),
        Some(Payload::Reply { data, extra }) => (decoded(codec, data), extra.clone()),
        Some(Payload::Own { kind, fields }) => {
            let mut data = Map::from_iter([("kind".to_owned(), Value::from(*kind))]);
            for (name, content) in &fields.0 {
                let value = match content {
                    Content::Encoded(bytes) => decoded(codec, bytes),
                    Content::Typed(value) => serde_json::to_value(value).unwrap_or_default(),
                };
                data.insert(name.clone().into_owned(), value);
            }
            (data.into(), Map::new())
        }
    }
}

fn headers(reply: &Encoded) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in reply.head().into_iter().flat_map(|head| head.all_headers()) {
        headers.append(name, value.clone());
    }
    headers
}
