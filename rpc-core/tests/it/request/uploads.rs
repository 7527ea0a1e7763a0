//! Several files in one call, and what is kept of a file.

use rpc_core::{
    Api, ApiBuilder, ApiError, Fault, Limits, Resource, TestClient, Upload, Uploads, api_method, api_module,
};
use serde_json::{Value, json};
use test_waits::until;

use crate::rpc::socket::Socket;
use crate::support::server::{Answer, Running};

api_module! {
    /// Several files
    path = "/v9/several"
}

/// The fields, names and sizes of files, and a parameter
#[api_method(path = "/v9/several/list", permissions = ["*"], upload = "200000 B")]
async fn list(files: &Uploads, text: Option<String>) -> Result<Value, ApiError> {
    let files: Vec<Value> = files.iter().map(|(field, file)| json!([field, file.name(), file.size()])).collect();
    Ok(json!([files, text]))
}

/// Saves a file under a name of its own, and answers with what is there then
#[api_method(path = "/v9/several/save", permissions = ["*"])]
async fn save(file: &Upload) -> Result<(u64, String, Vec<String>), ApiError> {
    let folder = tempfile::tempdir().map_err(ApiError::internal)?;
    let saved = file.save_to(folder.path().join("kept.txt")).await.map_err(ApiError::internal)?;
    let names = std::fs::read_dir(folder.path()).map_err(ApiError::internal)?;
    let names = names.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<Result<_, std::io::Error>>().map_err(ApiError::internal)?;
    let bytes = file.bytes(1000).await.map_err(ApiError::internal)?;
    Ok((saved, String::from_utf8_lossy(&bytes).into_owned(), names))
}

fn builder() -> ApiBuilder {
    Api::builder().only("/v9/several/**")
}

async fn start(change: impl FnOnce(&mut Limits)) -> Running {
    let mut limits = Limits::default();
    change(&mut limits);
    Running::serve(builder().limits(limits), |service| service).await
}

fn file(field: &str, name: &str, content: &str) -> String {
    format!("content-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n{content}")
}

async fn send(server: &Running, target: &str, parts: &[String]) -> Answer {
    let parts: String = parts.iter().map(|part| format!("--cut\r\n{part}\r\n")).collect();
    let headers = ["content-type: multipart/form-data; boundary=cut"];
    server.send("POST", target, &headers, format!("{parts}--cut--\r\n")).await
}

fn held(server: &Running, resource: Resource) -> u64 {
    server.api.resources().into_iter().find(|used| used.resource == resource).unwrap().held
}

#[test_waits::test]
async fn several_files_come_by_the_names_of_their_fields() {
    let server = start(|_| {}).await;
    let params = "content-disposition: form-data; name=\"params\"\r\n\r\n[\"x\"]".to_owned();
    let text = "content-disposition: form-data; name=\"note\"\r\n\r\nno file".to_owned();
    let large = "y".repeat(100_000);
    let parts = [
        file("a", "1.txt", "one"),
        text,
        file("b", "2.txt", &large),
        params,
        file("a", "3.txt", ""),
        file("file", "4", "f"),
    ];
    let answer = send(&server, "/v9/several/list", &parts).await;
    let expected = json!([[["a", "1.txt", 3], ["b", "2.txt", 100_000], ["a", "3.txt", 0], ["file", "4", 1]], "x"]);
    assert_eq!(answer.json()["data"], expected, "{}", answer.text());
    let rpc = send(&server, "/api/v9/several/list", &parts).await;
    assert_eq!(rpc.json()["result"]["data"], expected);
    until("all to be given back", || held(&server, Resource::Uploads) == 0 && held(&server, Resource::Memory) == 0)
        .await;
}

#[test_waits::test]
async fn no_file_is_a_number_of_files_too() {
    let server = start(|_| {}).await;
    let none = json!([[], null]);
    assert_eq!(send(&server, "/v9/several/list", &[]).await.json()["data"], none);
    assert_eq!(server.post("/v9/several/list", "[]").await.json()["data"], none);
    let mut socket = Socket::open(&server, &[]).await.unwrap();
    assert_eq!(socket.call("/v9/several/list", json!([])).await["result"]["data"], none);
    let client = TestClient::new(server.api.clone());
    assert_eq!(client.call("/v9/several/list", json!([])).await.data, none);
    let client = client.upload_as("a", Upload::new("1", "a/b", "xy")).upload_as("b", Upload::new("2", "a/b", "z"));
    let reply = client.call("/v9/several/list", json!(["t"])).await;
    assert_eq!(reply.data, json!([[["a", "1", 2], ["b", "2", 1]], "t"]));
    let one = client.call("/v9/several/save", json!([])).await;
    assert_eq!((one.status, one.reason.as_str()), (400, "Invalid request: the method takes one file"));
}

#[test_waits::test]
async fn the_limit_is_for_all_files_together_and_their_number_has_one() {
    let server = start(|limits| limits.uploads_per_network = 40).await;
    let half = "x".repeat(100_000);
    let fits = [file("a", "1", &half), file("a", "2", &half)];
    assert_eq!(send(&server, "/v9/several/list", &fits).await.status, 200);
    let over = [file("a", "1", &half), file("a", "2", &half), file("a", "3", "x")];
    let answer = send(&server, "/v9/several/list", &over).await;
    assert_eq!(answer.error(), (413, -32902));
    assert!(answer.text().contains("200000 bytes (`upload`)"), "{}", answer.text());
    let files = |count| (0..count).map(|number| file("a", &format!("{number}"), "x")).collect::<Vec<_>>();
    assert_eq!(send(&server, "/v9/several/list", &files(32)).await.status, 200);
    let answer = send(&server, "/v9/several/list", &files(33)).await;
    assert_eq!((answer.error(), answer.text().contains("at most 32 files")), ((413, -32902), true));
    let long = file(&"n".repeat(257), "1", "x");
    assert_eq!(send(&server, "/v9/several/list", &[long]).await.error(), (400, -32600));
}

#[test_waits::test]
async fn each_file_has_a_slot_of_its_own() {
    let server = start(|limits| limits.uploads_per_network = 2).await;
    let files = |count| (0..count).map(|number| file("a", &format!("{number}"), "x")).collect::<Vec<_>>();
    assert_eq!(send(&server, "/v9/several/list", &files(2)).await.status, 200);
    assert_eq!(send(&server, "/v9/several/list", &files(3)).await.status, 429);
    until("all to be given back", || held(&server, Resource::Uploads) == 0).await;
}

#[test_waits::test]
async fn a_file_is_saved_and_read_by_its_method() {
    let server = start(|_| {}).await;
    let answer = send(&server, "/v9/several/save", &[file("file", "../../evil", "hello")]).await;
    assert_eq!(answer.json()["data"], json!([5, "hello", ["kept.txt"]]));
}

api_module! {
    /// The same file twice
    path = "/v9/repeated"
}

/// One file, by two arguments
#[api_method(path = "/v9/repeated/two", permissions = ["*"])]
async fn two(_first: &Upload, _second: &Upload) -> Result<(), ApiError> {
    Ok(())
}

/// One file, which may be missing
#[api_method(path = "/v9/repeated/optional", permissions = ["*"])]
async fn optional(_first: &Upload, _second: Option<&Upload>) -> Result<(), ApiError> {
    Ok(())
}

/// One file and several
#[api_method(path = "/v9/repeated/several", permissions = ["*"])]
async fn several(_first: &Upload, _all: &Uploads) -> Result<(), ApiError> {
    Ok(())
}

#[test]
fn a_method_that_takes_its_file_twice_is_not_built() {
    let error = Api::builder().only("/v9/repeated/**").build().unwrap_err();
    let repeated = |fault: &&Fault| matches!(fault, Fault::RepeatedUpload { location, .. } if location.line > 0);
    assert_eq!((error.faults().len(), error.faults().iter().filter(repeated).count()), (3, 3), "{error}");
    assert!(error.to_string().contains("take `&Upload` once, or `&Uploads` for several files"), "{error}");
}
