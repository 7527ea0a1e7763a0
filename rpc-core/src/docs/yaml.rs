//! YAML in the style of the documents: 4 spaces, a list item that is a map on its own line, quotes where YAML 1.1 needs them.

use serde_json::{Map, Number, Value};

const INDENT: usize = 4;

/// Words that YAML 1.1 reads as null, as a boolean, or as the keys `=` and `<<`; each also capitalised and in capitals.
const WORDS: [&str; 12] = [
    "~", "null", "y", "yes", "n", "no", "true", "false", "on", "off", "=", "<<",
];

/// Indicators that begin something else than a plain string.
const INDICATORS: [char; 16] = [
    ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`',
];

/// Indicators that do so before a space and at the end only.
const SPACED_INDICATORS: [char; 3] = ['-', '?', ':'];

/// A value as a YAML document, without a newline at the end.
pub(super) fn document(value: &Value) -> String {
    inline(value).unwrap_or_else(|| lines(value).join("\n"))
}

/// The form on one line: of scalars, and of empty collections.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(value) => Some(number(value)),
        Value::String(text) => Some(string(text)),
        Value::Array(items) => items.is_empty().then(|| "[]".to_owned()),
        Value::Object(members) => members.is_empty().then(|| "{}".to_owned()),
    }
}

/// The lines of a collection that has something in it.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => map_lines(members),
        Value::Array(items) => items.iter().flat_map(|item| nested("-", item)).collect(),
        scalar => inline(scalar).into_iter().collect(),
    }
}

fn map_lines(members: &Map<String, Value>) -> Vec<String> {
    members
        .iter()
        .flat_map(|(name, value)| nested(&format!("{}:", string(name)), value))
        .collect()
}

/// A value after `name:` or `-`: on the same line, or indented below it.
fn nested(head: &str, value: &Value) -> Vec<String> {
    match inline(value) {
        Some(text) => vec![format!("{head} {text}")],
        None => std::iter::once(head.to_owned()).chain(indented(lines(value))).collect(),
    }
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("{:INDENT$}{line}", ""))
}

/// YAML 1.1 has no floats without a point, and none with an exponent without a sign.
fn number(number: &Number) -> String {
    let text = number.to_string();
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
        return text;
    };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

/// A string, in double quotes where YAML 1.1 reads the bare text otherwise.
fn string(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    has_plain_syntax(text) && !is_word(text) && !is_number(text) && !is_timestamp(text)
}

fn has_plain_syntax(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let is_alone = chars.next().is_none_or(|second| second == ' ');
    !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !INDICATORS.contains(&first)
        && !(SPACED_INDICATORS.contains(&first) && is_alone)
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
}

/// Printable and no line break (YAML 1.1, sections 5.1 and 5.4).
fn is_printable(char: char) -> bool {
    !char.is_control() && !matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_word(text: &str) -> bool {
    let is_upper = |text: &str| !text.contains(|char: char| char.is_ascii_lowercase());
    let is_lower = |text: &str| !text.contains(|char: char| char.is_ascii_uppercase());
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) && (is_upper(text) || is_lower(&text[1..]))
}

/// Integers in all bases, floats, and sexagesimals; a little more than YAML 1.1 says: what 1.2 reads as a number, too.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let made_of = |digits: &str, of: fn(char) -> bool| !digits.is_empty() && digits.chars().all(|c| of(c) || c == '_');
    if let Some(digits) = unsigned.strip_prefix("0b") {
        return made_of(digits, |c| matches!(c, '0' | '1'));
    }
    if let Some(digits) = unsigned.strip_prefix("0o") {
        return made_of(digits, |c| c.is_digit(8));
    }
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return made_of(digits, |c| c.is_ascii_hexdigit());
    }
    matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
        || is_float(unsigned)
        || is_sexagesimal(unsigned)
}

fn is_float(unsigned: &str) -> bool {
    let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.contains(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '.'))
        && is_digits(exponent)
}

/// `1:30`, `20:30:40.5`.
fn is_sexagesimal(unsigned: &str) -> bool {
    let whole = unsigned.split_once('.').map_or(unsigned, |(whole, _)| whole);
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let is_sixtieth =
        |part: &str| part.len() <= 2 && part.parse::<u8>().is_ok_and(|value| value < 60) && is_digits(part);
    let fraction = &unsigned[whole.len()..];
    whole.contains(':')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && first.chars().all(|c| c.is_ascii_digit() || c == '_')
        && parts.all(is_sixtieth)
        && fraction.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '.'))
}

/// `2001-12-14`, and with a time of day behind it.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    let lengths = [year.len(), month.len(), day.len()];
    let is_date =
        parts.iter().all(|part| is_digits(part)) && (lengths == [4, 2, 2] || (lengths[0] == 4 && !time.is_empty()));
    let of_a_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z' | ' ');
    is_date && time.chars().all(of_a_time)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn quoted(text: &str) -> String {
    let escaped: String = text.chars().map(escaped).collect();
    format!("\"{escaped}\"")
}

fn escaped(char: char) -> String {
    match char {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        char if is_printable(char) => char.to_string(),
        char if u32::from(char) <= 0xff => format!("\\x{:02x}", u32::from(char)),
        char => format!("\\u{:04x}", u32::from(char)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{document, string};

    #[test]
    fn strings_that_mean_themselves_stay_bare() {
        for text in [
            "string",
            "like",
            "a b",
            "user-name",
            "-x",
            "?x",
            ":x",
            "a:b",
            "a#b",
            "a,b",
            "a[0]",
            "a\"b",
            "it's",
            "a\\b",
            "nULL",
            "yEs",
            "nil",
            "yess",
            "0xzz",
            "0b2",
            "1a",
            "1:60",
            "1:2:345",
            "+",
            ".",
            "_1",
            "e5",
            "1e",
            "x1",
            "v1",
            "/v1/a",
            "2001-1-1",
            "1-2",
            "2001-01-01x",
            "==",
            "<",
            "<<<",
            "é",
            "日本",
            "😀",
            "a\u{a0}b",
            ".info",
            "infinity",
            "NaN",
        ] {
            assert_eq!(string(text), text);
        }
    }

    #[test]
    fn strings_that_mean_something_else_are_quoted() {
        for text in [
            "null",
            "Null",
            "NULL",
            "~",
            "true",
            "True",
            "TRUE",
            "false",
            "yes",
            "Yes",
            "YES",
            "no",
            "No",
            "on",
            "On",
            "off",
            "OFF",
            "y",
            "Y",
            "n",
            "N",
            "=",
            "<<",
            "0",
            "7",
            "-1",
            "+1",
            "1_000",
            "007",
            "089",
            "0x1f",
            "-0xA_B",
            "0b101",
            "0o17",
            "1.5",
            ".5",
            "5.",
            "1e3",
            "1.5e-3",
            "1:30",
            "190:20:30",
            "20:30.5",
            "-1:30",
            ".inf",
            "-.INF",
            "+.Inf",
            ".nan",
            ".NaN",
            "2001-12-14",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43.10 -5",
            "2001-1-2T3:04:05Z",
            "",
            " a",
            "a ",
            " ",
            "-",
            "- a",
            "? a",
            ": a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            ",a",
            "[a",
            "]",
            "{a}",
            "&a",
            "*",
            "!a",
            "|",
            ">",
            "'a'",
            "%a",
            "@a",
            "`a`",
            "---",
            "--- a",
            "...",
        ] {
            assert_eq!(string(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn quoted_strings_are_escaped() {
        let table = [
            ("\"a\"", r#""\"a\"""#),
            ("@\\", r#""@\\""#),
            ("a\nb\r\tc", r#""a\nb\r\tc""#),
            ("\0\u{7f}\u{85}\u{2028}\u{feff}", r#""\x00\x7f\x85\u2028\ufeff""#),
        ];
        for (text, expected) in table {
            assert_eq!(string(text), expected);
        }
    }

    #[test]
    fn collections_are_indented_by_four() {
        let value = json!({
            "type": ["string", "null"],
            "yes": {"a": {"b": 1}, "none": {}},
            "anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}],
            "nested": [["a", []], []],
        });
        let expected = r#"type:
    - string
    - "null"
"yes":
    a:
        b: 1
    none: {}
anyOf:
    -
        type: "null"
    -
        type: array
        items:
            type: string
nested:
    -
        - a
        - []
    - []"#;
        assert_eq!(document(&value), expected);
    }

    #[test]
    fn scalars_and_empty_collections_are_one_line() {
        let texts = [
            json!(null),
            json!(true),
            json!(-5),
            json!(0.5),
            json!("no"),
            json!([]),
            json!({}),
        ]
        .map(|value| document(&value));
        assert_eq!(texts, ["null", "true", "-5", "0.5", "\"no\"", "[]", "{}"]);
    }

    #[test]
    fn floats_have_a_point_and_a_signed_exponent() {
        for (number, expected) in [(1e100, "1.0e+100"), (1.5e-9, "1.5e-9"), (2.5, "2.5")] {
            assert_eq!(document(&Value::from(number)), expected);
        }
    }

    /// Reads back what `quoted` writes.
    fn unquoted(text: &str) -> Option<String> {
        let mut chars = text.strip_prefix('"')?.strip_suffix('"')?.chars();
        let mut read = String::new();
        while let Some(char) = chars.next() {
            let code = |chars: &mut std::str::Chars<'_>, digits| {
                let code: String = chars.take(digits).collect();
                char::from_u32(u32::from_str_radix(&code, 16).ok()?)
            };
            read.push(match char {
                '\\' => match chars.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'x' => code(&mut chars, 2)?,
                    'u' => code(&mut chars, 4)?,
                    itself => itself,
                },
                '"' => return None,
                char => char,
            });
        }
        Some(read)
    }

    proptest! {
        #[test]
        fn any_string_stays_on_its_line_and_means_itself(text in any::<String>()) {
            let written = string(&text);
            prop_assert!(!written.chars().any(char::is_control));
            let read = if written.starts_with('"') { unquoted(&written) } else { Some(written.clone()) };
            prop_assert_eq!(read, Some(text));
        }

        #[test]
        fn any_number_and_any_date_is_quoted(number in any::<i64>(), float in any::<f64>(), date in "[0-9]{4}-[0-9]{2}-[0-9]{2}") {
            for text in [number.to_string(), format!("{float:?}"), date] {
                let quotes = string(&text).starts_with('"') || text == "NaN" || text.ends_with("inf");
                prop_assert!(quotes, "{}", text);
            }
        }

        #[test]
        fn every_line_is_indented_by_a_multiple_of_four(keys in prop::collection::vec(any::<String>(), 1..5)) {
            let value = keys.into_iter().fold(json!("leaf"), |value, key| json!({ key: [value] }));
            for line in document(&value).lines() {
                let bare = line.trim_start_matches(' ');
                prop_assert_eq!((line.len() - bare.len()) % 4, 0);
            }
        }
    }
}
