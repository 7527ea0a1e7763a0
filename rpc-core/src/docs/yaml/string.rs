//! Strings in YAML: bare where YAML 1.1 reads them as they are, else in double quotes.

/// Words that YAML 1.1 reads as null, as a boolean, or as the keys `=` and `<<`; each also capitalised and in capitals.
const WORDS: [&str; 12] = ["~", "null", "y", "yes", "n", "no", "true", "false", "on", "off", "=", "<<"];

/// Indicators that begin something else than a plain string.
const INDICATORS: [char; 16] = [',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'];

/// Indicators that do so before a space and at the end only.
const SPACED_INDICATORS: [char; 3] = ['-', '?', ':'];

/// A string, in double quotes where YAML 1.1 reads the bare text otherwise.
pub(super) fn string(text: &str) -> String {
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
    let is_other = text.starts_with(' ')
        || text.ends_with([' ', ':'])
        || INDICATORS.contains(&first)
        || (SPACED_INDICATORS.contains(&first) && is_alone)
        || matches!(text.split(' ').next(), Some("---" | "..."))
        || text.contains(": ")
        || text.contains(" #");
    !is_other && text.chars().all(is_printable)
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

    use super::string;

    #[test]
    fn strings_that_mean_themselves_stay_bare() {
        let words = r#"
            string like user-name -x ?x :x a:b a#b a,b a[0] a"b it's a\b nULL yEs nil yess 0xzz 0b2 1a 1:60 1:2:345 + . _1 e5
            ---a ...a 1e x1 v1 /v1/a 2001-1-1 1-2 2001-01-01x == < <<< é 日本 😀 .info infinity NaN
        "#;
        for text in words.split_whitespace().chain(["a b", "a - b", "a\u{a0}b"]) {
            assert_eq!(string(text), text);
        }
    }

    #[test]
    fn strings_that_mean_something_else_are_quoted() {
        let words = "
            null Null NULL ~ true True TRUE false yes Yes YES no No on On off OFF y Y n N = << 0 7 -1 +1 1_000 007 089 0x1f -0xA_B
            0b101 0o17 1.5 .5 5. 1e3 1.5e-3 1:30 190:20:30 20:30.5 -1:30 .inf -.INF +.Inf .nan .NaN 2001-12-14
            2001-12-14t21:59:43.10-05:00 2001-1-2T3:04:05Z - a: #a ,a [a ] {a} &a * !a | > 'a' %a @a `a` --- ...
        ";
        let others = ["", " a", "a ", " ", "- a", "? a", ": a", "a: b", "a #b", "--- a", "2001-12-14 21:59:43.10 -5"];
        for text in words.split_whitespace().chain(others) {
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
    }
}
