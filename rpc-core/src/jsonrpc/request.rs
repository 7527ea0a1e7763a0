//! A document becomes a request, or a batch of them. Only the envelope is read: parameters stay as they came.

use std::borrow::Cow;

use bytes::Bytes;

use super::id::Id;
use crate::call::Params;
use crate::codec::Codec;
use crate::codec::level::{Kind, Level, Members};
use crate::error::{ApiError, ErrorCode};

/// A document as JSON-RPC reads it.
#[derive(Debug)]
pub(crate) enum Document<'b> {
    /// One request.
    Single(Result<Request<'b>, Invalid>),
    /// Several; at least one.
    Batch(Vec<Result<Request<'b>, Invalid>>),
    /// The answer of a peer to something: nothing to do.
    Answer,
}

/// A call, or a notification when it has no id.
#[derive(Debug)]
pub(crate) struct Request<'b> {
    pub(crate) id: Option<Id>,
    pub(crate) method: Cow<'b, str>,
    pub(crate) params: Params,
}

/// Something that is not a request, with the id for its answer.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) id: Id,
    pub(crate) error: ApiError,
}

impl Invalid {
    fn new(id: Id, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { id, error: ApiError::of(ErrorCode::InvalidRequest).with_reason(reason) }
    }
}

impl<'b> Document<'b> {
    /// Reads a document. A batch of more than `max` entries is one invalid request.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Parse`]: the bytes are not one document.
    pub(crate) fn read(codec: Codec, document: &'b Bytes, max: usize) -> Result<Self, ApiError> {
        let refuse = |reason: Cow<'static, str>| Self::Single(Err(Invalid::new(Id::null(codec), reason)));
        Ok(match codec.level(document, max)? {
            Level::Array { count: 0, .. } => refuse("Invalid request: the batch is empty".into()),
            Level::Array { count, .. } if count > max => {
                let reason = format!("Invalid request: the batch has {count} entries, the limit is {max} (`batch`)");
                refuse(reason.into())
            }
            Level::Array { items, .. } => {
                let entry = |item| Request::read(codec, document, codec.level(item, 0));
                Self::Batch(items.into_iter().map(entry).collect())
            }
            Level::Object(members) if members.fault().is_some() => return Err(fault(&members)),
            Level::Object(members) if is_answer(&members) => Self::Answer,
            level => Self::Single(Request::read(codec, document, Ok(level))),
        })
    }

    /// The requests, free of the document.
    pub(crate) fn into_owned(self) -> Document<'static> {
        match self {
            Self::Single(request) => Document::Single(request.map(Request::into_owned)),
            Self::Batch(requests) => {
                Document::Batch(requests.into_iter().map(|entry| entry.map(Request::into_owned)).collect())
            }
            Self::Answer => Document::Answer,
        }
    }

    /// Reads a document that may be a request as well as a parameter: the request, if it is meant as one.
    pub(crate) fn request_in(codec: Codec, document: &'b Bytes) -> Option<Self> {
        if codec.kind(document.trim_ascii_start()) != Kind::Object {
            return None;
        }
        let level = codec.level(document, 0).ok().filter(is_meant)?;
        Some(Self::Single(Request::read(codec, document, Ok(level))))
    }
}

fn is_answer(members: &Members<'_>) -> bool {
    members.of("method").is_none() && (members.of("result").is_some() || members.of("error").is_some())
}

fn is_meant(level: &Level<'_>) -> bool {
    let Level::Object(members) = level else { return false };
    members.fault().is_none() && members.of("jsonrpc").is_some() && members.of("method").is_some()
}

/// Why members must not be used.
fn fault(members: &Members<'_>) -> ApiError {
    ApiError::of(ErrorCode::Parse).with_reason(members.fault().unwrap_or("Parse error"))
}

impl<'b> Request<'b> {
    /// Reads one request object (JSON-RPC 2.0, section 4).
    fn read(codec: Codec, document: &Bytes, level: Result<Level<'b>, ApiError>) -> Result<Self, Invalid> {
        let unreadable = |error| Invalid { id: Id::null(codec), error };
        let Level::Object(members) = level.map_err(unreadable)? else {
            return Err(Invalid::new(Id::null(codec), "Invalid request: an object is expected"));
        };
        if members.fault().is_some() {
            return Err(unreadable(fault(&members)));
        }
        let id = members.of("id").map_or(Ok(None), |id| Id::read(codec, document, id));
        let id = id.map_err(|fault| Invalid::new(Id::null(codec), fault.reason()))?;
        let text = |name| members.of(name).and_then(|value| codec.text(value));
        let refuse = |reason| Invalid::new(id.clone().unwrap_or_else(|| Id::null(codec)), reason);
        if text("jsonrpc").as_deref() != Some("2.0") {
            return Err(refuse("Invalid request: `jsonrpc` is \"2.0\""));
        }
        let Some(method) = text("method") else {
            return Err(refuse("Invalid request: `method` is a string"));
        };
        let params = match members.of("params") {
            Some(params) if !matches!(codec.kind(params), Kind::Null | Kind::Undefined) => {
                Params::Member(document.slice_ref(params))
            }
            _ => Params::None,
        };
        Ok(Self { id, method, params })
    }

    /// The request, free of its document.
    pub(super) fn into_owned(self) -> Request<'static> {
        Request { id: self.id, method: Cow::Owned(self.method.into_owned()), params: self.params }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Document, Invalid, Request};
    use crate::call::Params;
    use crate::codec::Codec;

    const CODECS: [Codec; 2] = [Codec::Json, Codec::MsgPack];

    fn encoded(codec: Codec, value: &Value) -> Bytes {
        codec.encode(value).unwrap().into()
    }

    /// Reads a value as a request in a codec.
    fn read<T>(codec: Codec, value: &Value, look: impl Fn(Result<Request<'_>, Invalid>) -> T) -> T {
        match Document::read(codec, &encoded(codec, value), 3).unwrap() {
            Document::Single(request) => look(request),
            other => panic!("{value}: {other:?}"),
        }
    }

    #[test]
    fn ids_of_every_allowed_kind_are_kept() {
        for codec in CODECS {
            for id in [json!(0), json!(""), json!("a"), json!(-1), json!(1.5), json!(null)] {
                let request = json!({"jsonrpc": "2.0", "id": id, "method": "m"});
                let kept = read(codec, &request, |request| request.unwrap().id.unwrap());
                assert_eq!(kept.as_bytes(), encoded(codec, &id));
            }
            assert!(read(codec, &json!({"jsonrpc": "2.0", "method": "m"}), |request| request.unwrap().id.is_none()));
        }
    }

    #[test]
    fn an_id_is_kept_as_it_was_written() {
        for id in ["12345678901234567890123", "1E-400", "-0", "1.50", r#""\u0061\/""#, r#""é""#] {
            let document = Bytes::from(format!(r#"{{"id" : {id} ,"jsonrpc":"2.0","method":"m"}}"#));
            let Document::Single(Ok(request)) = Document::read(Codec::Json, &document, 3).unwrap() else {
                panic!("{id}")
            };
            assert_eq!(request.id.unwrap().as_bytes(), id.as_bytes());
        }
        for id in
            [&b"\xcd\x00\x05"[..], b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", b"\xd9\x01a", b"\xd6\xff\x00\x00\x00\x00"]
        {
            let document = [b"\x83\xa7jsonrpc\xa32.0\xa6method\xa1m\xa2id", id].concat().into();
            let Document::Single(Ok(request)) = Document::read(Codec::MsgPack, &document, 3).unwrap() else { panic!() };
            assert_eq!(request.id.unwrap().as_bytes(), id);
        }
    }

    #[test]
    fn an_undefined_id_is_none() {
        let document = b"\x83\xa7jsonrpc\xa32.0\xa6method\xa1m\xa2id\xd4\x00\x00"[..].into();
        let Document::Single(Ok(request)) = Document::read(Codec::MsgPack, &document, 3).unwrap() else { panic!() };
        assert!(request.id.is_none());
    }

    #[test]
    fn params_stay_as_they_came() {
        for codec in CODECS {
            let params = |params: Value| {
                let request = json!({"jsonrpc": "2.0", "method": "m", "params": params});
                read(codec, &request, |request| request.unwrap().params)
            };
            assert!(matches!(params(json!(null)), Params::None));
            for value in [json!([1]), json!({"a": 1}), json!("x"), json!(false)] {
                assert!(
                    matches!(params(value.clone()), Params::Member(bytes) if bytes == encoded(codec, &value)),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_request_is_told_under_its_id() {
        for (value, id) in [
            (json!(null), json!(null)),
            (json!(1), json!(null)),
            (json!({}), json!(null)),
            (json!({"jsonrpc": "1.0", "method": "m", "id": 4}), json!(4)),
            (json!({"jsonrpc": "2.0", "method": 1, "id": "x"}), json!("x")),
            (json!({"jsonrpc": "2.0", "method": "m", "id": [1]}), json!(null)),
            (json!({"jsonrpc": "2.0", "method": "m", "id": true}), json!(null)),
        ] {
            for codec in CODECS {
                let told = read(codec, &value, |request| request.unwrap_err().id);
                assert_eq!(told.as_bytes(), encoded(codec, &id), "{value}");
            }
        }
    }

    #[test]
    fn what_is_wrong_in_an_entry_of_a_batch_is_that_entrys() {
        let batch = Bytes::from(
            r#"[{"jsonrpc":"2.0","id":1,"method":"m"},{"jsonrpc":"2.0","id":2,"id":2,"method":"m"},7,{"jsonrpc":"2.0","id":3,"method":"m","params":[[{"a":1,"a":2}]]}]"#,
        );
        let Document::Batch(entries) = Document::read(Codec::Json, &batch, 4).unwrap() else { panic!() };
        let codes: Vec<Option<i32>> =
            entries.iter().map(|entry| entry.as_ref().err().map(|invalid| invalid.error.number())).collect();
        assert_eq!(codes, [None, Some(-32700), Some(-32600), None]);
        assert!(Document::read(Codec::Json, &batch.slice(..batch.len() - 1), 4).is_err());
    }

    fn anything() -> impl Strategy<Value = Value> {
        let word = prop::sample::select(vec!["jsonrpc", "2.0", "method", "id", "params", "result", "x"]);
        let leaf =
            prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), word.clone().prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::vec((word.clone(), inner), 0..6)
                    .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_document_is_read_alike_in_both_codecs(value in anything()) {
            for codec in CODECS {
                match Document::read(codec, &encoded(codec, &value), 3).unwrap() {
                    Document::Batch(entries) => prop_assert!((1..=3).contains(&entries.len())),
                    Document::Single(Ok(request)) => prop_assert_eq!(value["method"].as_str(), Some(&*request.method)),
                    Document::Single(Err(_)) | Document::Answer => {}
                }
            }
        }

        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            for codec in CODECS {
                let _ = Document::read(codec, &bytes.clone().into(), 3);
            }
        }
    }
}
