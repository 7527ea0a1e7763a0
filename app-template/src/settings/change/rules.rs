//! Which value each setting takes.

use std::net::IpAddr;

use lettre::message::Mailbox;
use rpc_auth::Secret;
use rpc_core::{Violation, pointer};
use serde_json::{Map, Value};
use url::{Host, Url};

/// Characters of a text. A host name has at most 253 (RFC 1035), an address 320 (RFC 5321).
const LONGEST_TEXT: usize = 1024;

/// What is expected where the answer is no.
type Rule = fn(&str) -> Result<(), &'static str>;

/// Takes the members of a change one by one, and remembers what is wrong.
pub(super) struct Reader<'m> {
    members: &'m Map<String, Value>,
    asked: Vec<&'static str>,
    violations: Vec<Violation>,
}

impl<'m> Reader<'m> {
    pub(super) fn new(members: &'m Map<String, Value>) -> Self {
        Self { members, asked: Vec::new(), violations: Vec::new() }
    }

    fn member(&mut self, key: &'static str) -> Option<&'m Value> {
        self.asked.push(key);
        self.members.get(key)
    }

    fn refuse<T>(&mut self, key: &str, keyword: &'static str, message: impl Into<String>) -> Option<T> {
        let pointer = format!("/0/{}", pointer::escape(key));
        self.violations.push(Violation { pointer, keyword: keyword.into(), message: message.into() });
        None
    }

    pub(super) fn text(&mut self, key: &'static str, rule: Rule) -> Option<Option<String>> {
        let text = match self.member(key)? {
            Value::Null => return Some(None),
            Value::String(text) => text,
            _ => return self.refuse(key, "type", "Expected a text, or null to clear it"),
        };
        if text.is_empty() {
            return self.refuse(key, "minLength", "Expected at least 1 character, or null to clear it");
        }
        if text.chars().count() > LONGEST_TEXT {
            return self.refuse(key, "maxLength", format!("Expected at most {LONGEST_TEXT} characters"));
        }
        match one_line(text).and_then(|()| rule(text)) {
            Ok(()) => Some(Some(text.clone())),
            Err(expected) => self.refuse(key, "format", format!("Expected {expected}")),
        }
    }

    pub(super) fn secret(&mut self, key: &'static str) -> Option<Option<Secret>> {
        self.text(key, one_line).map(|text| text.map(Secret::new))
    }

    pub(super) fn port(&mut self, key: &'static str) -> Option<Option<u16>> {
        let number = match self.member(key)? {
            Value::Null => return Some(None),
            Value::Number(number) => number,
            _ => return self.refuse(key, "type", "Expected an integer, or null to clear it"),
        };
        match number.as_i64().map(u16::try_from) {
            Some(Ok(port @ 1..)) => Some(Some(port)),
            Some(_) if number.as_i64() < Some(1) => self.refuse(key, "minimum", "Expected at least 1"),
            Some(_) => self.refuse(key, "maximum", "Expected at most 65535"),
            None => self.refuse(key, "type", "Expected an integer, or null to clear it"),
        }
    }

    pub(super) fn switch(&mut self, key: &'static str) -> Option<bool> {
        match self.member(key)? {
            Value::Bool(value) => Some(*value),
            _ => self.refuse(key, "type", "Expected true or false"),
        }
    }

    pub(super) fn finish(mut self) -> Result<(), Vec<Violation>> {
        let unknown = self.members.keys().filter(|key| !self.asked.contains(&key.as_str()));
        for key in unknown.cloned().collect::<Vec<_>>() {
            self.refuse::<()>(&key, "additionalProperties", "There is no such setting");
        }
        if self.violations.is_empty() { Ok(()) } else { Err(self.violations) }
    }
}

/// No character that ends a line or is none: such a text would leave its place in a header or a command.
pub(super) fn one_line(text: &str) -> Result<(), &'static str> {
    if text.chars().any(char::is_control) { Err("a text without control characters") } else { Ok(()) }
}

/// A text that a path and a fragment can be put after.
pub(super) fn app_url(text: &str) -> Result<(), &'static str> {
    let is_web = |url: Url| {
        let is_known = ["http", "https"].contains(&url.scheme()) && url.has_host();
        is_known && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    };
    let is_clean = !text.contains(|c: char| c.is_whitespace() || "\"'<>\\^`{|}".contains(c));
    if is_clean && Url::parse(text).is_ok_and(is_web) {
        Ok(())
    } else {
        Err("an http or https URL without user name and fragment, such as https://app.example.com")
    }
}

pub(super) fn mailbox(text: &str) -> Result<(), &'static str> {
    text.parse::<Mailbox>().map(|_| ()).map_err(|_| "an e-mail address, or Name <address>")
}

pub(super) fn hostname(text: &str) -> Result<(), &'static str> {
    let is_name = |text: &str| {
        let is_allowed = text.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
        is_allowed && Host::parse(text).is_ok()
    };
    if text.parse::<IpAddr>().is_ok() || is_name(text) { Ok(()) } else { Err("a host name or an IP address") }
}

pub(super) fn telegram_name(text: &str) -> Result<(), &'static str> {
    let is_allowed = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_allowed { Ok(()) } else { Err("letters, digits and _") }
}
