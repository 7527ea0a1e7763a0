//! Routes a request: to a page, to a method over plain HTTP, or to the RPC endpoint.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode};

use super::head::{self, Verb};
use super::origin::{self, Page};
use super::pages;
use super::path;
use super::request::RequestContext;
use super::respond::{self, ResponseBody};
use crate::error::ApiError;
use crate::method::Method;

/// A path in its one form, and the method that it names.
type Target<'r> = (Cow<'r, str>, Option<&'r Arc<Method>>);

/// What a request is for.
pub(super) enum Face<'r> {
    /// The method of a path, or a page.
    Plain(Cow<'r, str>, Option<&'r Arc<Method>>, Verb),
    /// Nothing: the path is not below the base path.
    Outside(Verb),
    /// The fallback's.
    Foreign,
    /// The RPC endpoint, or a path below it.
    Rpc(Cow<'r, str>),
    /// Nothing more: this is the answer.
    Answered(Box<Response<ResponseBody>>),
}

impl RequestContext<'_> {
    /// Finds the face of the request.
    pub(super) fn route(&self) -> Face<'_> {
        match self.find_face() {
            Ok(face) => face,
            Err(error) => Face::Answered(Box::new(self.refuse(error))),
        }
    }

    fn find_face(&self) -> Result<Face<'_>, ApiError> {
        self.head.check_size(&self.parts.uri, self.api().limits())?;
        let (path, method) = match self.target()? {
            Some((path, _)) if self.below_rpc_prefix(&path).is_some() => return Ok(Face::Rpc(path)),
            Some((path, method)) => (Some(path), method),
            None => (None, None),
        };
        if method.is_none() && self.is_foreign(path.as_deref()) {
            self.check_page()?;
            return Ok(Face::Foreign);
        }
        let verb = match head::verb(&self.parts.method)? {
            Verb::Preflight => return Ok(Face::Answered(Box::new(self.preflight()))),
            verb => verb,
        };
        self.check_page()?;
        Ok(path.map_or(Face::Outside(verb), |path| Face::Plain(path, method, verb)))
    }

    /// Whether a path that names no method is for the fallback.
    fn is_foreign(&self, path: Option<&str>) -> bool {
        let shared = self.service.shared();
        shared.fallback.is_some() && !path.is_some_and(|path| pages::is_one(shared, path))
    }

    /// The path below the base path, in its one form, and the method that it names. The path of a method is in that form already.
    fn target(&self) -> Result<Option<Target<'_>>, ApiError> {
        let (shared, path) = (self.service.shared(), self.parts.uri.path());
        if let Some(below) = shared.below_base(path)
            && let Some(method) = self.api().find(below)
        {
            return Ok(Some((Cow::Borrowed(below), Some(method))));
        }
        let path = match path::normalize(path)? {
            path if shared.base_path.is_empty() || pages::HEALTH.contains(&&*path) => path,
            Cow::Borrowed(path) => match shared.below_base(path) {
                Some(below) => Cow::Borrowed(below),
                None => return Ok(None),
            },
            Cow::Owned(path) => match shared.below_base(&path) {
                Some(below) => Cow::Owned(below.to_owned()),
                None => return Ok(None),
            },
        };
        let method = self.api().find(&path);
        Ok(Some((path, method)))
    }

    /// The rest of a path at or below the RPC endpoint, without a slash at its end: "", `/ping`, `/v1/…`.
    pub(super) fn below_rpc_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
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
