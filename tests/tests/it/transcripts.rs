//! What the README and the headers of the examples show is what happens.

use crate::process::file;
use crate::transcript::replay;

async fn replay_header(name: &str) -> usize {
    let program = file(&format!("examples/{name}/src/main.rs"));
    let header = program.lines().map_while(|line| line.strip_prefix("//!"));
    let text: String = header.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect();
    replay(name, &text).await
}

#[tokio::test]
async fn the_first_minute_goes_as_the_readme_says() {
    assert!(replay("README.md", &file("README.md")).await >= 6);
}

#[tokio::test]
async fn the_protocol_goes_as_its_page_says() {
    assert!(replay("docs/protocol.md", &file("docs/protocol.md")).await >= 14);
}

#[tokio::test]
async fn hello_does_what_its_header_says() {
    assert!(replay_header("hello").await >= 3);
}

#[tokio::test]
async fn validated_does_what_its_header_says() {
    assert!(replay_header("validated").await >= 6);
}

#[tokio::test]
async fn mounted_does_what_its_header_says() {
    assert!(replay_header("mounted").await >= 4);
}

#[tokio::test]
async fn custom_store_does_what_its_header_says() {
    assert!(replay_header("custom_store").await >= 1);
}

#[tokio::test]
async fn calllog_does_what_its_header_says() {
    assert!(replay_header("calllog").await >= 8);
}

#[tokio::test]
async fn shop_does_what_its_header_says() {
    assert!(replay_header("shop").await >= 8);
}
