//! What is sold: a list by pages, and a picture of each item.

use std::collections::HashMap;
use std::io;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use rpc_core::{ApiError, CacheControl, Download, FileContent, Reply, ReplyError, Upload, api_method, api_module};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::{CLERK, Page};

/// What is sold. A list alone would be a value that callers send.
pub(crate) struct Items(pub(crate) Vec<Item>);

/// Pictures by the number of their item: content type and content. Other types that threads can share are states as they are.
pub(crate) type Pictures = Mutex<HashMap<usize, (String, Bytes)>>;

/// Something to buy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The number under which it is ordered.
    pub id: usize,
    /// What it is.
    pub name: String,
    /// In cents.
    pub price: u32,
}

/// Why a call about an item fails. The documents show the variants with every method that returns them.
#[derive(Debug, ApiError)]
pub enum ItemError {
    /// There is no such item.
    #[api_error(status = 404)]
    NoItem,
    /// The item has no picture.
    #[api_error(status = 404)]
    NoPicture,
    /// A picture is a PNG or a JPEG.
    #[api_error(status = 415)]
    NotAPicture,
    /// Callers see "Internal error", and the log sees why.
    #[api_error(internal, from)]
    Unreadable(io::Error),
    /// Likewise.
    #[api_error(internal, from)]
    Unsendable(ReplyError),
}

api_module! {
    /// Items
    path = "/v1/items"
}

/// List items
#[api_method(path = "/v1/items/list", permissions = ["*"], read_only)]
async fn list(
    items: &Items,
    #[param(default = 0)] offset: usize,
    #[param(minimum = 1, maximum = 100, default = 20, example = 50)] limit: usize,
) -> Result<Page<Item>, ApiError> {
    Ok(Page::of(&items.0, offset, limit))
}

/// Set picture of an item
///
/// Over HTTP the file is the field `file` of a form, and the parameters are the field `params`.
#[api_method(path = "/v1/items/set-picture", permissions = [CLERK], idempotent, upload = "1 MiB")]
async fn set_picture(items: &Items, pictures: &Pictures, file: &Upload, id: usize) -> Result<(), ItemError> {
    if !matches!(file.content_type(), "image/png" | "image/jpeg") {
        return Err(ItemError::NotAPicture);
    }
    if !items.0.iter().any(|item| item.id == id) {
        return Err(ItemError::NoItem);
    }
    let content = file.bytes(1024 * 1024).await?;
    pictures.lock().await.insert(id, (file.content_type().to_owned(), content));
    Ok(())
}

/// Remove picture of an item
#[api_method(path = "/v1/items/remove-picture", permissions = [CLERK], idempotent, destructive)]
async fn remove_picture(pictures: &Pictures, id: usize) -> Result<(), ApiError> {
    pictures.lock().await.remove(&id);
    Ok(())
}

/// Picture of an item
///
/// A page shows `<img src="/v1/items/picture?id=1">`; a browser that has the picture asks only whether it has changed.
#[api_method(path = "/v1/items/picture", permissions = ["*"], read_only)]
async fn picture(pictures: &Pictures, id: usize) -> Result<Reply<FileContent>, ItemError> {
    let (content_type, content) = pictures.lock().await.get(&id).cloned().ok_or(ItemError::NoPicture)?;
    let version = HEXLOWER.encode(&Sha256::digest(&content));
    let download = Download::bytes(format!("item-{id}"), content).content_type(&content_type)?.etag(&version)?;
    Ok(download.inline().into_reply().cache(CacheControl::Revalidate))
}
