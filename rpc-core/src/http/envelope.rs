//! The plain envelope: `{"status", "reason", "data", …}`, one for every answer.

use crate::call::Outcome;
use crate::codec::details::members;
use crate::codec::{Codec, Piece};
use crate::error::ApiError;
use crate::error::payload::Payload;
use crate::reply::Encoded;

/// What nearly all answers are, around their data.
fn usual(codec: Codec) -> [&'static [u8]; 2] {
    match codec {
        Codec::Json => [br#"{"status":200,"reason":"OK","data":"#, b"}"],
        Codec::MsgPack => [b"\x83\xa6status\xcc\xc8\xa6reason\xa2OK\xa4data", b""],
    }
}

/// The bytes of an outcome.
pub(super) fn encode(outcome: &Outcome) -> Vec<u8> {
    let codec = outcome.codec;
    let encoded = match &outcome.result {
        Ok(reply) => success(codec, reply),
        Err(error) => failure(codec, error),
    };
    encoded.unwrap_or_else(|error| {
        tracing::error!(event = "envelope.failed", error = ?error, "an answer did not encode");
        codec.encode(&()).unwrap_or_default()
    })
}

fn success(codec: Codec, reply: &Encoded) -> Result<Vec<u8>, ApiError> {
    if reply.is_usual() {
        let [before, after] = usual(codec);
        let mut bytes = Vec::with_capacity(before.len() + reply.data.len() + after.len());
        for part in [before, &reply.data, after] {
            bytes.extend_from_slice(part);
        }
        return Ok(bytes);
    }
    let fixed = [
        ("status", Piece::Number(reply.status.into())),
        ("reason", Piece::Text(&reply.reason)),
        ("data", Piece::Encoded(&reply.data)),
    ];
    if reply.extra.is_empty() {
        return codec.encode_object(&fixed);
    }
    let extra = reply.extra.iter().map(|(name, value)| (name.as_str(), Piece::Value(value)));
    codec.encode_object(&fixed.into_iter().chain(extra).collect::<Vec<_>>())
}

fn failure(codec: Codec, error: &ApiError) -> Result<Vec<u8>, ApiError> {
    let details = members(error);
    let object = if details.is_empty() { codec.null().to_vec() } else { codec.encode_object(&details)? };
    let (data, extra) = match error.payload() {
        Some(Payload::Reply { data, extra }) => (data, Some(extra)),
        Some(Payload::Own { .. }) | None => (&object, None),
    };
    let fixed = [
        ("status", Piece::Number(error.status().into())),
        ("reason", Piece::Text(error.reason())),
        ("code", Piece::Number(error.number())),
        ("data", Piece::Encoded(data)),
    ];
    let extra = extra.into_iter().flatten().map(|(name, value)| (name.as_str(), Piece::Value(value)));
    codec.encode_object(&fixed.into_iter().chain(extra).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::encode;
    use crate::call::Outcome;
    use crate::codec::Codec;
    use crate::error::{ApiError, ErrorCode};
    use crate::reply::Encoded;

    #[test]
    fn the_usual_answer_has_the_bytes_of_any_other() {
        for codec in [Codec::Json, Codec::MsgPack] {
            let data = codec.encode(&[1]).unwrap();
            let reply = Encoded { status: 200, reason: "OK".into(), data, extra: Map::new(), head: None };
            let expected = codec.encode(&json!({"status": 200, "reason": "OK", "data": [1]})).unwrap();
            assert_eq!(encode(&Outcome { codec, result: Ok(reply) }), expected);
        }
    }

    fn text(result: Result<Encoded, ApiError>) -> String {
        String::from_utf8(encode(&Outcome { codec: Codec::Json, result })).unwrap()
    }

    #[test]
    fn every_outcome_has_the_one_envelope() {
        let reply = |extra| Encoded { status: 200, reason: "OK".into(), data: b"[1]".to_vec(), extra, head: None };
        assert_eq!(text(Ok(reply(Map::new()))), r#"{"status":200,"reason":"OK","data":[1]}"#);
        let extra = json!({"total": 3}).as_object().cloned().unwrap();
        assert_eq!(text(Ok(reply(extra))), r#"{"status":200,"reason":"OK","data":[1],"total":3}"#);
        assert_eq!(
            text(Err(ApiError::of(ErrorCode::MethodNotFound))),
            r#"{"status":404,"reason":"Method not found","code":-32601,"data":null}"#
        );
        assert_eq!(
            text(Err(ApiError::invalid(0, "/smtp_port", "maximum", "too much"))),
            concat!(
                r#"{"status":400,"reason":"Parameters are invalid","code":-32602,"data":{"errors":"#,
                r#"[{"pointer":"/0/smtp_port","keyword":"maximum","message":"too much"}]}}"#
            )
        );
    }
}
