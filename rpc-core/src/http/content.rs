//! What a request brings for its call: parameters, still encoded, and a file.

use std::time::Duration;

use bytes::Bytes;
use http::Version;

use super::body::{self, IncomingBody};
use super::head::Verb;
use super::query;
use super::request::RequestContext;
use super::upload::{self, Received};
use crate::budget::{Hold, Tally};
use crate::call::{Params, Transport};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::method::Method;
use crate::method::entry::UploadUse;
use crate::upload::Uploads;

/// Bytes of a body and of an answer that an HTTP/1 connection is counted with anyway.
pub(super) const SMALL: u64 = 4 * 1024;

/// What a request brings for its call.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) codec: Codec,
    pub(super) params: Params,
    pub(super) uploads: Uploads,
    /// Room in memory for the parameters.
    pub(super) held: Option<Hold>,
}

impl Content {
    fn of(codec: Codec, params: Params) -> Self {
        Self { codec, params, uploads: Uploads::default(), held: None }
    }

    fn unreadable(error: ApiError) -> Self {
        Self::of(Codec::Json, Params::Unreadable(error))
    }
}

/// The error for an upload to something that is not a method.
fn unsupported() -> ApiError {
    ApiError::of(ErrorCode::UnsupportedMediaType).with_reason("Content type is not supported: uploads go to a method")
}

/// The error for HEAD to a method that may change something.
fn no_head() -> ApiError {
    ApiError::of(ErrorCode::HttpMethod)
        .with_reason("HTTP method is not allowed: HEAD is for methods that change nothing; use POST")
}

impl RequestContext<'_> {
    /// What a request brings for its call, still encoded. An error in it is reported when its turn comes.
    pub(super) async fn content<B: IncomingBody>(
        &self,
        verb: Verb,
        body: B,
        method: Option<&Method>,
        transport: Transport,
    ) -> Content {
        let content = match (self.head.boundary(), verb) {
            _ if self.is_blind_head(method) => Content::unreadable(no_head()),
            (Some(boundary), Verb::Body) => Box::pin(self.uploaded(boundary, body, method, transport)).await,
            _ => match (self.head.codec(), verb) {
                (Err(error), _) => Content::unreadable(error),
                (Ok(codec), Verb::Body) => match self.body(body, method).await {
                    Ok((bytes, held)) => Content { held, ..Content::of(codec, Params::Encoded(bytes)) },
                    Err(error) => Content::of(codec, Params::Unreadable(error)),
                },
                (Ok(codec), _) => Content::of(codec, self.query(codec, method)),
            },
        };
        if let Some(activity) = &self.activity {
            activity.runs();
        }
        content
    }

    /// Whether it is a HEAD, which nobody expects to change anything, for a method that may.
    fn is_blind_head(&self, method: Option<&Method>) -> bool {
        self.parts.method == http::Method::HEAD && method.is_some_and(|method| !method.is_read_only())
    }

    /// An upload to a method that takes one, from a caller who may call it, of a length that it takes.
    async fn uploaded<B: IncomingBody>(
        &self,
        boundary: Result<String, ApiError>,
        body: B,
        method: Option<&Method>,
        transport: Transport,
    ) -> Content {
        let Some(method) = method else { return Content::unreadable(unsupported()) };
        let limits = *method.limits();
        let read = async {
            self.api()
                .precheck(&self.call_context(transport, Codec::Json).into_call(method.path(), Params::None))
                .await?;
            if method.upload() == UploadUse::None {
                return Err(ApiError::of(ErrorCode::NotAnUploadMethod));
            }
            self.head.body.check_plain()?;
            upload::check_length(&self.parts.headers, &limits)?;
            let is_several = method.upload() == UploadUse::Several;
            let receiver = upload::Receiver::new(limits, is_several, self.account, self.tally())?;
            let read = receiver.read(body, boundary?);
            if self.is_watched() { read.await } else { self.in_time(read).await }
        };
        match read.await {
            Ok(Received { codec, params, uploads, held }) => Content { uploads, held, ..Content::of(codec, params) },
            Err(error) => Content::unreadable(error),
        }
    }

    /// The body, within the limit of the method and within its time.
    async fn body<B: IncomingBody>(&self, body: B, method: Option<&Method>) -> Result<(Bytes, Option<Hold>), ApiError> {
        let limit = method.map_or(self.api().limits().max_body, |method| method.limits().max_body);
        if self.is_watched() {
            return body::read(self.head.body, body, limit, self.tally()).await;
        }
        Box::pin(self.in_time(body::read(self.head.body, body, limit, self.tally()))).await
    }

    /// Counts the bytes of the body. A small one costs an HTTP/1 connection no more than what it is counted with.
    pub(super) fn tally(&self) -> Tally<'_> {
        let free = if self.parts.version == Version::HTTP_2 { 0 } else { SMALL };
        Tally::new(self.account, free)
    }

    /// Whether the connection itself watches the time of the body, and gives way when it has to. A proxy's connection is not
    /// closed for one client.
    fn is_watched(&self) -> bool {
        self.service.watches_body(self.parts.version) && !self.service.is_proxied()
    }

    /// Reads within the time for a body, where the connection does not watch it itself.
    async fn in_time<T>(&self, read: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        let late = |_| Err(body::late());
        let read = tokio::time::timeout(self.api().limits().body_timeout, read);
        // What has begun no call holds up no stop.
        let gives_way = async {
            match self.account {
                Some(account) if self.service.is_proxied() => account.until_shed().await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            read = read => read.unwrap_or_else(late),
            () = gives_way => Err(ApiError::of(ErrorCode::BackendDown).with_retry_after(Duration::from_secs(1))),
            () = self.api().stopping().cancelled() => Err(ApiError::of(ErrorCode::ShuttingDown)),
        }
    }

    fn query(&self, codec: Codec, method: Option<&Method>) -> Params {
        let query = match query::parameter(self.parts.uri.query()) {
            Ok(None) => return Params::None,
            Ok(Some(query)) => query,
            Err(error) => return Params::Unreadable(error),
        };
        let Some(method) = method.filter(|method| query::names_parameters(method)) else {
            return Params::Positional(vec![query]);
        };
        let named = query::by_name(query, method, self.api().limits().document());
        codec.encode(&named).map_or_else(Params::Unreadable, |bytes| Params::Member(bytes.into()))
    }
}
