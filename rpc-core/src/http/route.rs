//! Routes a request: to a page, to a method over plain HTTP, or to the RPC endpoint.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::body::IncomingBody;
use super::head::{self, Verb};
use super::origin::{self, Page};
use super::request::RequestContext;
use super::respond::{self, ResponseBody};
use super::{pages, path};
use crate::error::ApiError;
use crate::method::Method;

impl RequestContext<'_> {
    pub(super) async fn route<B: IncomingBody>(&self, body: B, upgrade: Option<OnUpgrade>) -> Response<ResponseBody> {
        let checked = self.head.check_size(&self.parts.uri, self.api().limits());
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

    /// Refuses the calls of a page that the browser takes for one of this server, but that is not known to be one: the browser
    /// would let it read any answer.
    pub(super) fn check_page(&self) -> Result<(), ApiError> {
        if self.head.has_origin && self.service.shared().origins.judge(self.parts) == Page::Rebound {
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
