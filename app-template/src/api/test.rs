use data_encoding::HEXLOWER;
use rpc_core::{ApiError, Upload, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

api_module! {
    /// Test
    path = "/v1/test"
}

type Object = Map<String, Value>;

/// Test method
#[api_method(path = "/v1/test/test", permissions = ["*"])]
async fn test(args: Option<String>) -> Result<Option<String>, ApiError> {
    Ok(args)
}

/// What came with the call.
#[derive(Serialize, JsonSchema)]
struct Received {
    file: Option<ReceivedFile>,
    request: Option<Object>,
    data: Option<Object>,
}

/// The file that came with the call.
#[derive(Serialize, JsonSchema)]
struct ReceivedFile {
    name: String,
    /// Bytes.
    size: u64,
    /// The content type that the sender gave.
    r#type: String,
    /// Hexadecimal digits.
    sha256: String,
}

/// Test upload
#[api_method(path = "/v1/test/upload", permissions = ["*"])]
async fn upload(
    file: Option<&Upload>,
    #[param(opaque)] request: Option<Object>,
    #[param(opaque)] data: Option<Object>,
) -> Result<Received, ApiError> {
    let file = match file {
        Some(file) => Some(ReceivedFile::read(file).await?),
        None => None,
    };
    Ok(Received { file, request, data })
}

impl ReceivedFile {
    async fn read(file: &Upload) -> Result<Self, ApiError> {
        let (mut reader, mut hash) = (file.reader(), Sha256::new());
        while let Some(chunk) = reader.chunk().await.map_err(ApiError::internal)? {
            hash.update(&chunk);
        }
        Ok(Self {
            name: file.name().to_owned(),
            size: file.size(),
            r#type: file.content_type().to_owned(),
            sha256: HEXLOWER.encode(&hash.finalize()),
        })
    }
}

#[cfg(test)]
mod tests {
    use rpc_core::{TestClient, Upload};
    use serde_json::{Value, json};

    fn client() -> TestClient {
        TestClient::new(crate::api::build().unwrap())
    }

    #[tokio::test]
    async fn test_answers_its_argument() {
        for (params, answer) in [(json!(["x"]), json!("x")), (json!([null]), Value::Null), (json!([]), Value::Null)] {
            let reply = client().call("/v1/test/test", params).await;
            assert_eq!((reply.status, reply.data), (200, answer));
        }
        assert_eq!(client().call("/v1/test/test", json!([7])).await.status, 400);
    }

    #[tokio::test]
    async fn upload_tells_of_the_file_and_answers_the_rest() {
        let client = client().upload(Upload::new("a.txt", "text/plain", "abc"));
        let reply = client.call("/v1/test/upload", json!([{"a": 1}, {"b": [2]}])).await;
        // FIPS 180-4, "abc".
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let file = json!({"name": "a.txt", "size": 3, "type": "text/plain", "sha256": sha256});
        assert_eq!((reply.status, reply.data), (200, json!({"file": file, "request": {"a": 1}, "data": {"b": [2]}})));
    }

    #[tokio::test]
    async fn upload_is_an_ordinary_call_without_a_file() {
        let reply = client().call("/v1/test/upload", json!([])).await;
        assert_eq!((reply.status, reply.data), (200, json!({"file": null, "request": null, "data": null})));
        assert_eq!(client().call("/v1/test/upload", json!([["no object"]])).await.status, 400);
    }
}
