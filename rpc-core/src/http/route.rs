//! A request finds its face: a page, the plain one, or the RPC endpoint.

use std::borrow::Cow;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{HeaderValue, Response, StatusCode, Version, request};
use http_body::Body;
use hyper::upgrade::OnUpgrade;

use super::head::{self, Notes, Verb};
use super::origin::{self, Page};
use super::respond::{self, ResponseBody};
use super::service::HttpService;
use super::upload::{self, Received};
use super::watch::{Activity, Watch};
use super::{body, pages, path, query};
use crate::api::Api;
use crate::budget::{Account, Hold, Resource, Share, Tally};
use crate::call::{Outcome, Params, RequestId, TraceContext, Transport};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::Origin;
use crate::method::Method;
use crate::method::entry::UploadUse;
use crate::upload::Upload;

/// Bytes of a body and of an answer that are in what a connection of HTTP/1 is counted with.
pub(super) const SMALL: u64 = 4 * 1024;

/// What a request brings for its call.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) codec: Codec,
    pub(super) params: Params,
    pub(super) upload: Option<Upload>,
    /// Room in memory for the parameters.
    pub(super) held: Option<Hold>,
}

impl Content {
    fn of(codec: Codec, params: Params) -> Self {
        Self { codec, params, upload: None, held: None }
    }

    fn unreadable(error: ApiError) -> Self {
        Self::of(Codec::Json, Params::Unreadable(error))
    }
}

/// An upload where there is nothing to take it.
fn unsupported() -> ApiError {
    ApiError::of(ErrorCode::UnsupportedMediaType).with_reason("Content type is not supported: uploads go to a method")
}

/// A request whose head is read.
pub(super) struct Incoming<'r> {
    pub(super) service: &'r HttpService,
    pub(super) parts: &'r request::Parts,
    pub(super) notes: Notes<'r>,
    pub(super) id: RequestId,
    pub(super) trace: Option<TraceContext>,
    pub(super) client: Option<IpAddr>,
    /// Whom it counts for.
    pub(super) account: Option<&'r Arc<Account>>,
    pub(super) activity: Option<Activity<&'r Watch>>,
}

impl Incoming<'_> {
    pub(super) async fn route<B>(&self, body: B, upgrade: Option<OnUpgrade>) -> Response<ResponseBody>
    where
        B: Body + Send,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let checked = self.notes.check_size(&self.parts.uri, self.api().limits());
        let (path, method) = match checked.and_then(|()| self.target()) {
            Ok(target) => target,
            Err(error) => return self.refuse(error),
        };
        if let Some(below) = self.below_rpc_prefix(&path) {
            return Box::pin(self.rpc(below, body, upgrade)).await;
        }
        let verb = match head::verb(&self.parts.method) {
            Ok(Verb::Preflight) => return self.preflight(),
            Ok(verb) => verb,
            Err(error) => return self.refuse(error),
        };
        if let Err(error) = self.check_page() {
            return self.refuse(error);
        }
        if method.is_none()
            && let Some(page) =
                Box::pin(pages::answer(self.service.shared(), &path, &self.parts.headers, self.id)).await
        {
            return page;
        }
        self.plain(&path, method, verb, body).await
    }

    /// The path in its one form, and the method that it names. The path of a method is in that form already.
    fn target(&self) -> Result<(Cow<'_, str>, Option<&Arc<Method>>), ApiError> {
        let path = self.parts.uri.path();
        if let Some(method) = self.api().find(path) {
            return Ok((Cow::Borrowed(path), Some(method)));
        }
        let path = path::normalize(path)?;
        let method = self.api().find(&path);
        Ok((path, method))
    }

    /// The rest of a path at or below the RPC endpoint, without a slash at its end: "", `/ping`, `/v1/…`.
    fn below_rpc_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
        let below = path.strip_prefix(&*self.service.shared().rpc_prefix)?;
        match below {
            "" | "/" => Some(""),
            below => below.starts_with('/').then_some(below),
        }
    }

    pub(super) fn api(&self) -> &Api {
        self.service.api()
    }

    /// What the calls of the request have in common.
    pub(super) fn origin(&self, transport: Transport, codec: Codec) -> Origin {
        Origin {
            credentials: self.notes.credentials(),
            codec,
            transport,
            client: self.client,
            request_id: self.id,
            trace: self.trace.clone(),
            share: Share { account: self.account.cloned(), document: None },
        }
    }

    /// What a call to a method brings, still encoded. What is wrong with it is told in its turn.
    pub(super) async fn content<B>(&self, verb: Verb, body: B, method: Option<&Method>, transport: Transport) -> Content
    where
        B: Body + Send,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let content = match (self.notes.boundary(), verb) {
            (Some(boundary), Verb::Body) => Box::pin(self.uploaded(boundary, body, method, transport)).await,
            _ => match (self.notes.codec(), verb) {
                (Err(error), _) => Content::unreadable(error),
                (Ok(codec), Verb::Body) => match self.body(body, method).await {
                    Ok((bytes, held)) => Content { held, ..Content::of(codec, Params::Encoded(bytes)) },
                    Err(error) => Content::of(codec, Params::Unreadable(error)),
                },
                (Ok(codec), _) => Content::of(codec, self.query()),
            },
        };
        if let Some(activity) = &self.activity {
            activity.runs();
        }
        content
    }

    /// An upload to a method that takes one, from a caller who may call it, of a length that it takes.
    async fn uploaded<B>(
        &self,
        boundary: Result<String, ApiError>,
        body: B,
        method: Option<&Method>,
        transport: Transport,
    ) -> Content
    where
        B: Body + Send,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let Some(method) = method else { return Content::unreadable(unsupported()) };
        let limits = *method.limits();
        let read = async {
            self.api().precheck(&self.origin(transport, Codec::Json).into_call(method.path(), Params::None)).await?;
            if method.upload() == UploadUse::None {
                return Err(ApiError::of(ErrorCode::NotAnUploadMethod));
            }
            self.notes.body.check_plain()?;
            upload::check_length(&self.parts.headers, &limits)?;
            let place = self.account.map(|account| account.take(Resource::Uploads, 1)).transpose()?;
            let read = upload::read(body, boundary?, &limits, (self.tally(), place));
            if self.is_watched() { read.await } else { self.in_time(read).await }
        };
        match read.await {
            Ok(Received { codec, params, file, held }) => Content { codec, params, upload: Some(file), held },
            Err(error) => Content::unreadable(error),
        }
    }

    /// The body, within the limit of the method and within its time.
    async fn body<B>(&self, body: B, method: Option<&Method>) -> Result<(Bytes, Option<Hold>), ApiError>
    where
        B: Body + Send,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let limit = method.map_or(self.api().limits().max_body, |method| method.limits().max_body);
        if self.is_watched() {
            return body::read(self.notes.body, body, limit, self.tally()).await;
        }
        Box::pin(self.in_time(body::read(self.notes.body, body, limit, self.tally()))).await
    }

    /// Counts the bytes of the body. A small one costs an HTTP/1 connection no more than what it is counted with.
    pub(super) fn tally(&self) -> Tally<'_> {
        let free = if self.parts.version == Version::HTTP_2 { 0 } else { SMALL };
        Tally::new(self.account, free)
    }

    /// Whether the connection itself sees to it that the body comes in time, and gives way when it has to. That of a proxy is not
    /// closed for one client.
    fn is_watched(&self) -> bool {
        self.service.watches_body(self.parts.version) && !self.service.is_proxied()
    }

    /// Reads within the time for a body, where the connection does not see to that itself.
    async fn in_time<T>(&self, read: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        let late = |_| Err(ApiError::new(408, "The body took too long (`body_timeout`)"));
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

    fn query(&self) -> Params {
        match query::parameter(self.parts.uri.query()) {
            Ok(None) => Params::None,
            Ok(Some(parameter)) => Params::Positional(vec![parameter]),
            Err(error) => Params::Unreadable(error),
        }
    }

    /// An error outside any call, in the plain envelope.
    pub(super) fn refuse(&self, error: ApiError) -> Response<ResponseBody> {
        let codec = self.notes.codec().unwrap_or_default();
        respond::plain(&Outcome { codec, result: Err(error) }, self.id)
    }

    /// Refuses the calls of a page that the browser takes for one of this server, and nobody vouches for: browsers let it read
    /// the answer whatever the answer says.
    pub(super) fn check_page(&self) -> Result<(), ApiError> {
        if self.notes.has_origin && self.service.shared().origins.judge(self.parts) == Page::Rebound {
            return Err(origin::refused());
        }
        Ok(())
    }

    pub(super) fn preflight(&self) -> Response<ResponseBody> {
        let mut response = respond::empty(StatusCode::NO_CONTENT, self.id);
        let headers = response.headers_mut();
        headers.insert(http::header::ALLOW, HeaderValue::from_static(super::ALLOWED_VERBS));
        self.service.shared().origins.mark_preflight(self.parts, headers);
        response
    }
}
