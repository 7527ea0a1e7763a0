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
