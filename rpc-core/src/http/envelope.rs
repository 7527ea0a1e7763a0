//! The plain envelope: `{"status", "reason", "data", …}`, one for every answer.

use crate::call::Outcome;
use crate::codec::{Codec, Piece};
use crate::error::ApiError;
use crate::reply::Encoded;

/// How nearly all answers begin in JSON.
const USUAL: &[u8] = br#"{"status":200,"reason":"OK","data":"#;

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
    if codec == Codec::Json && is_usual(reply) {
        return Ok([USUAL, &reply.data, b"}"].concat());
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

/// Whether there is nothing to say but the data.
fn is_usual(reply: &Encoded) -> bool {
    reply.status == 200 && reply.reason == "OK" && reply.extra.is_empty()
}

fn failure(codec: Codec, error: &ApiError) -> Result<Vec<u8>, ApiError> {
    let details = error.details();
    codec.encode_object(&[
        ("status", Piece::Number(error.status().into())),
        ("reason", Piece::Text(error.reason())),
        ("code", Piece::Number(error.number())),
        ("data", if details.is_empty() { Piece::Value(&()) } else { Piece::Value(details) }),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::encode;
    use crate::call::Outcome;
    use crate::codec::Codec;
    use crate::error::{ApiError, ErrorCode};
    use crate::reply::Encoded;

    fn text(result: Result<Encoded, ApiError>) -> String {
        String::from_utf8(encode(&Outcome { codec: Codec::Json, result })).unwrap()
    }

    #[test]
    fn every_outcome_has_the_one_envelope() {
        let reply = Encoded { status: 200, reason: "OK".into(), data: b"[1]".to_vec(), extra: Map::new() };
        assert_eq!(text(Ok(reply.clone())), r#"{"status":200,"reason":"OK","data":[1]}"#);
        let extra = json!({"total": 3}).as_object().cloned().unwrap();
        assert_eq!(text(Ok(Encoded { extra, ..reply })), r#"{"status":200,"reason":"OK","data":[1],"total":3}"#);
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
