//! The trace that a call belongs to: W3C Trace Context (<https://www.w3.org/TR/trace-context/>).

use std::fmt;
use std::sync::Arc;

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;
/// Bytes of a `tracestate` that is carried: as many as section 3.3.1.5 asks for.
const MAX_STATE: usize = 512;
/// Entries of a `tracestate` (section 3.3.1.1).
const MAX_ENTRIES: usize = 32;

/// Where a call stands in a trace that goes through several systems. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceContext(Arc<Trace>);

#[derive(Clone, PartialEq, Eq)]
struct Trace {
    /// In the form of version 00, which is ASCII.
    parent: [u8; LENGTH],
    state: Option<Box<str>>,
}

impl TraceContext {
    /// Reads a `traceparent` header: one of version 00 strictly, one of a later version as section 3.2.4 says.
    #[must_use]
    pub fn parse(traceparent: &str) -> Option<Self> {
        let (head, rest) = traceparent.as_bytes().split_first_chunk::<LENGTH>()?;
        let fits = match &head[..2] {
            b"ff" => false,
            b"00" => rest.is_empty(),
            version => is_hex(version) && rest.first().is_none_or(|byte| *byte == b'-'),
        };
        let (trace, span, flags) = (&head[3..35], &head[36..52], &head[53..55]);
        let is_whole = [2, 35, 52].iter().all(|at| head[*at] == b'-') && [trace, span, flags].into_iter().all(is_hex);
        let names_nothing = |id: &[u8]| id.iter().all(|digit| *digit == b'0');
        if !fits || !is_whole || names_nothing(trace) || names_nothing(span) {
            return None;
        }
        let mut parent = *head;
        parent[..2].copy_from_slice(b"00");
        // Of the flags only the first bit has a meaning; others are not passed on (section 3.2.2.5).
        parent[53..].copy_from_slice(if digit_value(flags[1]) & 1 == 1 { b"01" } else { b"00" });
        Some(Self(Arc::new(Trace { parent, state: None })))
    }

    /// Adds a `tracestate`, if the text is a valid one.
    #[must_use]
    pub fn with_state(mut self, tracestate: &str) -> Self {
        if is_state(tracestate) {
            Arc::make_mut(&mut self.0).state = Some(tracestate.into());
        }
        self
    }

    /// The value of the header `traceparent`.
    #[must_use]
    pub fn traceparent(&self) -> &str {
        self.text(0, LENGTH)
    }

    /// The value of the header `tracestate`.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    /// The id of the whole trace: 32 lower-case hexadecimal digits, not all zero.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.text(3, 35)
    }

    /// The id of the span that is the parent of what is done here: 16 lower-case hexadecimal digits, not all zero.
    #[must_use]
    pub fn parent_id(&self) -> &str {
        self.text(36, 52)
    }

    /// Whether the caller may have recorded its part.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.0.parent[LENGTH - 1] == b'1'
    }

    fn text(&self, from: usize, to: usize) -> &str {
        std::str::from_utf8(&self.0.parent[from..to]).unwrap_or_default()
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceContext").field(&self.traceparent()).finish()
    }
}

/// Lower case only: upper case is not allowed.
fn is_hex(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn digit_value(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 }
}

/// Whether a text has the form of section 3.3.1, with at least one entry, and is not too long to be carried.
fn is_state(text: &str) -> bool {
    let entries = || text.split(',').map(|entry| entry.trim_matches([' ', '\t'])).filter(|entry| !entry.is_empty());
    text.len() <= MAX_STATE && (1..=MAX_ENTRIES).contains(&entries().count()) && entries().all(is_entry)
}

fn is_entry(entry: &str) -> bool {
    let Some((key, value)) = entry.split_once('=') else { return false };
    let part = |text: &str, max: usize| {
        let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(&byte);
        (1..=max).contains(&text.len()) && text.bytes().all(rest)
    };
    let begins = |text: &str, digits: bool| {
        text.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || digits && first.is_ascii_digit())
    };
    let key = match key.split_once('@') {
        None => part(key, 256) && begins(key, false),
        Some((tenant, system)) => {
            part(tenant, 241) && begins(tenant, true) && part(system, 14) && begins(system, false)
        }
    };
    key && (1..=256).contains(&value.len()) && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'=')
}

#[cfg(test)]
mod tests {
    use super::TraceContext;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_is_taken_apart() {
        let trace = TraceContext::parse(PARENT).unwrap();
        assert_eq!((trace.trace_id(), trace.parent_id()), ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"));
        assert_eq!((trace.traceparent(), trace.is_sampled(), trace.tracestate()), (PARENT, true, None));
        for (flags, sampled) in [("00", false), ("02", false), ("03", true), ("ff", true), ("0a", false), ("0b", true)]
        {
            let trace = TraceContext::parse(&PARENT.replace("-01", &format!("-{flags}"))).unwrap();
            assert_eq!((trace.is_sampled(), trace.traceparent().ends_with("-01")), (sampled, sampled), "{flags}");
        }
    }

    #[test]
    fn what_is_no_context_is_none() {
        for text in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0A",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-010",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319é-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        for text in [PARENT.replacen("00", "01", 1), PARENT.replacen("00", "cc", 1) + "-more"] {
            assert_eq!(TraceContext::parse(&text).unwrap().traceparent(), PARENT, "{text}");
        }
    }

    #[test]
    fn a_state_is_carried_when_it_is_one() {
        let carried = |text: &str| TraceContext::parse(PARENT).unwrap().with_state(text).tracestate() == Some(text);
        let many = vec!["a=1"; 32].join(",");
        let long = format!("a={}", "x".repeat(256));
        for text in
            ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1, b=2,, ", "1t@sys=a b", "a-b_c*d/e=!", &many, &long]
        {
            assert!(carried(text), "{text}");
        }
        let long = format!("{long}x");
        for text in
            ["", ",", "a", "=1", "a=", "A=1", "1=1", "a=b=c", "a=é", "t@1=1", "@s=1", "a\n=1", &(many + ",a=1"), &long]
        {
            assert!(!carried(text), "{text}");
        }
        let both = vec![format!("a={}", "x".repeat(250)); 3].join(",");
        assert!(!carried(&both));
    }
}
