//! The bytes of an answer (JSON-RPC 2.0, section 5), with what clients of this family of APIs read in it.

use rpc_grammar::own_error::MEMBERS;
use serde_json::{Map, Value};

use crate::call::Outcome;
use crate::codec::details::members;
use crate::codec::{Codec, Piece};
use crate::error::payload::Payload;
use crate::error::{ApiError, ErrorCode};
use crate::reply::Encoded;

const VERSION: (&str, Piece<'static>) = ("jsonrpc", Piece::Text("2.0"));

/// What nearly all answers are, around their id and their data.
fn usual(codec: Codec) -> [&'static [u8]; 3] {
    match codec {
        Codec::Json => [
            br#"{"jsonrpc":"2.0","id":"#,
            br#","result":{"status":200,"status_text":"OK","reason":"OK","exception":false,"data":"#,
            br#","meta":{}}}"#,
        ],
        Codec::MsgPack => [
            b"\x83\xa7jsonrpc\xa32.0\xa2id",
            b"\xa6result\x86\xa6status\xcc\xc8\xabstatus_text\xa2OK\xa6reason\xa2OK\xa9exception\xc2\xa4data",
            b"\xa4meta\x80",
        ],
    }
}

/// Encodes an outcome under an id, which is encoded already; without one, the answer has none.
pub(crate) fn encode(codec: Codec, id: Option<&[u8]>, outcome: &Outcome) -> Vec<u8> {
    let encoded = match &outcome.result {
        Ok(reply) if reply.is_usual() && id.is_some() => {
            let [version, result, end] = usual(codec);
            Ok([version, id.unwrap_or_default(), result, &reply.data, end].concat())
        }
        Ok(reply) => success(codec, reply).and_then(|result| answer(codec, id, ("result", Piece::Encoded(&result)))),
        Err(error) => failure(codec, error).and_then(|error| answer(codec, id, ("error", Piece::Encoded(&error)))),
    };
    encoded.unwrap_or_else(|error| {
        tracing::error!(event = "envelope.failed", error = ?error, "an answer did not encode");
        Vec::new()
    })
}

/// Encodes a message that names a method: `/pong` under the id of a ping, `/event` with its parameters.
pub(crate) fn method(codec: Codec, id: Option<Piece<'_>>, method: &str, params: Option<&[Value]>) -> Vec<u8> {
    let mut members = vec![VERSION];
    members.extend(id.map(|id| ("id", id)));
    members.push(("method", Piece::Text(method)));
    members.extend(params.as_ref().map(|params| ("params", Piece::Value(params))));
    codec.encode_object(&members).unwrap_or_default()
}

fn answer(codec: Codec, id: Option<&[u8]>, member: (&str, Piece<'_>)) -> Result<Vec<u8>, ApiError> {
    match id {
        Some(id) => codec.encode_object(&[VERSION, ("id", Piece::Encoded(id)), member]),
        None => codec.encode_object(&[VERSION, member]),
    }
}

/// Extra fields stand beside `data` and again in `meta`, since clients read one or the other.
fn success(codec: Codec, reply: &Encoded) -> Result<Vec<u8>, ApiError> {
    let fixed = [
        ("status", Piece::Number(reply.status.into())),
        ("status_text", Piece::Text(&reply.reason)),
        ("reason", Piece::Text(&reply.reason)),
        ("exception", Piece::Value(&false)),
        ("data", Piece::Encoded(&reply.data)),
    ];
    let meta = ("meta", Piece::Value(&reply.extra));
    if reply.extra.is_empty() {
        let [status, status_text, reason, exception, data] = fixed;
        return codec.encode_object(&[status, status_text, reason, exception, data, meta]);
    }
    let extra = reply.extra.iter().map(|(name, value)| (name.as_str(), Piece::Value(value)));
    codec.encode_object(&fixed.into_iter().chain(extra).chain([meta]).collect::<Vec<_>>())
}

/// `data` of an error has the details beside `exception`, `status` and `meta`. `meta` is always an object: clients take an error
/// without it for a fault of the server. What a reply carries stands as in a success: its data in `data`, extra fields twice.
fn failure(codec: Codec, error: &ApiError) -> Result<Vec<u8>, ApiError> {
    let (is_exception, no_extra) = (error.code() == ErrorCode::Internal, Map::new());
    let (reply, extra) = match error.payload() {
        Some(Payload::Reply { data, extra }) => (Some(data), extra),
        Some(Payload::Own { .. }) | None => (None, &no_extra),
    };
    let retry_after = error.retry_after_seconds();
    let mut data = vec![
        ("exception", Piece::Value(&is_exception)),
        ("status", Piece::Number(error.status().into())),
        ("meta", Piece::Value(extra)),
    ];
    data.extend(members(error));
    data.extend(retry_after.as_ref().map(|seconds| ("retry_after", Piece::Value(seconds))));
    data.extend(reply.map(|reply| ("data", Piece::Encoded(reply))));
    let beside = extra.iter().filter(|(name, _)| !MEMBERS.contains(&name.as_str()));
    data.extend(beside.map(|(name, value)| (name.as_str(), Piece::Value(value))));
    let data = codec.encode_object(&data)?;
    codec.encode_object(&[
        ("code", Piece::Number(error.number())),
        ("message", Piece::Text(error.reason())),
        ("data", Piece::Encoded(&data)),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{encode, method};
    use crate::call::Outcome;
    use crate::codec::{Codec, Piece};
    use crate::error::{ApiError, ErrorCode};
    use crate::reply::Encoded;

    fn text(id: Option<&[u8]>, result: Result<Encoded, ApiError>) -> String {
        String::from_utf8(encode(Codec::Json, id, &Outcome { codec: Codec::Json, result })).unwrap()
    }

    fn reply(extra: &serde_json::Value) -> Encoded {
        let extra: Map<_, _> = extra.as_object().cloned().unwrap();
        Encoded { status: 200, reason: "OK".into(), data: b"[1]".to_vec(), extra, head: None }
    }

    #[test]
    fn a_success_has_the_documented_bytes() {
        assert_eq!(
            text(Some(b"1"), Ok(reply(&json!({"total": 3})))),
            concat!(
                r#"{"jsonrpc":"2.0","id":1,"result":{"status":200,"status_text":"OK","reason":"OK","exception":false,"#,
                r#""data":[1],"total":3,"meta":{"total":3}}}"#
            )
        );
        assert_eq!(
            text(None, Ok(reply(&json!({})))),
            r#"{"jsonrpc":"2.0","result":{"status":200,"status_text":"OK","reason":"OK","exception":false,"data":[1],"meta":{}}}"#
        );
    }

    #[test]
    fn the_usual_answer_has_the_bytes_of_any_other() {
        for codec in [Codec::Json, Codec::MsgPack] {
            let (id, data) = (codec.encode(&7).unwrap(), codec.encode(&[1]).unwrap());
            let reply = Encoded { status: 200, reason: "OK".into(), data, extra: Map::new(), head: None };
            let result = json!({"status": 200, "status_text": "OK", "reason": "OK", "exception": false, "data": [1], "meta": {}});
            let expected = codec.encode(&json!({"jsonrpc": "2.0", "id": 7, "result": result})).unwrap();
            assert_eq!(encode(codec, Some(&id), &Outcome { codec, result: Ok(reply) }), expected);
        }
    }

    #[test]
    fn an_error_has_the_documented_bytes() {
        assert_eq!(
            text(Some(b"\"\""), Err(ApiError::of(ErrorCode::Forbidden))),
            r#"{"jsonrpc":"2.0","id":"","error":{"code":403,"message":"Not permitted","data":{"exception":false,"status":403,"meta":{}}}}"#
        );
        assert_eq!(
            text(Some(b"null"), Err(ApiError::invalid(0, "", "type", "no"))),
            concat!(
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"Parameters are invalid","data":{"exception":false,"#,
                r#""status":400,"meta":{},"errors":[{"pointer":"/0","keyword":"type","message":"no"}]}}}"#
            )
        );
        assert!(text(None, Err(ApiError::of(ErrorCode::Internal))).contains(r#""exception":true,"status":500"#));
    }

    #[test]
    fn messages_from_the_server_name_a_method() {
        let pong = method(Codec::Json, Some(Piece::Number(7)), "/pong", None);
        assert_eq!(pong, br#"{"jsonrpc":"2.0","id":7,"method":"/pong"}"#);
        let event = method(Codec::Json, None, "/event", Some(&[json!("/a"), json!(1)]));
        assert_eq!(event, br#"{"jsonrpc":"2.0","method":"/event","params":["/a",1]}"#);
    }
}
