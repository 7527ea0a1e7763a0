//! What `#[param(…)]` says of a parameter beyond its type: constraints, a default, examples.

use proc_macro2::{Delimiter, Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;
use rpc_grammar::nearest::nearest;
use syn::parse::ParseStream;
use syn::{Expr, Lit, LitInt, LitStr, UnOp};

use super::Pair;
use crate::fault::{Fault, Faults};

pub(crate) const DEFAULT: &str = "default";
pub(crate) const EXAMPLE: &str = "example";
pub(crate) const EXAMPLES: &str = "examples";

/// The formats that are enforced.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// What follows a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    AboveZero,
    Count,
    Text,
    Format,
    Flag,
}

/// A key, the keyword of JSON Schema that it stands for, and what follows it.
struct Known {
    key: &'static str,
    keyword: &'static str,
    kind: Kind,
    example: &'static str,
}

const KNOWN: &[Known] = &[
    Known { key: "minimum", keyword: "minimum", kind: Kind::Number, example: "minimum = 1" },
    Known { key: "maximum", keyword: "maximum", kind: Kind::Number, example: "maximum = 100" },
    Known {
        key: "exclusive_minimum",
        keyword: "exclusiveMinimum",
        kind: Kind::Number,
        example: "exclusive_minimum = 0",
    },
    Known {
        key: "exclusive_maximum",
        keyword: "exclusiveMaximum",
        kind: Kind::Number,
        example: "exclusive_maximum = 1.5",
    },
    Known { key: "multiple_of", keyword: "multipleOf", kind: Kind::AboveZero, example: "multiple_of = 5" },
    Known { key: "min_length", keyword: "minLength", kind: Kind::Count, example: "min_length = 1" },
    Known { key: "max_length", keyword: "maxLength", kind: Kind::Count, example: "max_length = 100" },
    Known { key: "pattern", keyword: "pattern", kind: Kind::Text, example: "pattern = \"^[a-z]+$\"" },
    Known { key: "format", keyword: "format", kind: Kind::Format, example: "format = \"email\"" },
    Known { key: "min_items", keyword: "minItems", kind: Kind::Count, example: "min_items = 1" },
    Known { key: "max_items", keyword: "maxItems", kind: Kind::Count, example: "max_items = 100" },
    Known { key: "unique_items", keyword: "uniqueItems", kind: Kind::Flag, example: "unique_items" },
];

/// Bounds of which the first is not above the second.
const PAIRS: &[(&str, &str)] = &[("minimum", "maximum"), ("min_length", "max_length"), ("min_items", "max_items")];

/// What the attributes of one argument say.
#[derive(Default)]
pub(crate) struct Rules {
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) default: Option<Json>,
    /// A list.
    pub(crate) examples: Option<Json>,
}

/// A keyword of JSON Schema with its value.
pub(crate) struct Constraint {
    key: &'static str,
    span: Span,
    pub(crate) keyword: &'static str,
    pub(crate) value: TokenStream,
    /// The value, where it is a number that is written in place.
    number: Option<f64>,
}

/// A value in the syntax of `serde_json::json!`.
pub(crate) struct Json {
    /// The key.
    pub(crate) span: Span,
    pub(crate) value: TokenStream,
}

impl Rules {
    /// Reads a key that is none of the others of `#[param]`.
    pub(crate) fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        let key = pair.key.to_string();
        match key.as_str() {
            DEFAULT => self.default = json(pair, "default = 20", faults),
            EXAMPLE | EXAMPLES if self.examples.is_some() => {
                let help = "write `examples = […]` for more than one";
                faults.on(&pair.key, &Fault::new("a parameter has either `example` or `examples`", help));
            }
            EXAMPLE => {
                let list = |value: TokenStream| bracketed(&value);
                self.examples = json(pair, "example = 20", faults)
                    .map(|example| Json { span: example.span, value: list(example.value) });
            }
            EXAMPLES => {
                self.examples = json(pair, "examples = [20, 50]", faults).and_then(|list| checked(list, faults))
            }
            _ => {
                let known = KNOWN.iter().find(|known| known.key == key);
                self.constraints.extend(known.and_then(|known| known.read(pair, faults)));
            }
        }
    }

    /// Reports bounds that let nothing pass.
    pub(crate) fn check(&self, faults: &mut Faults) {
        let find = |key: &str| self.constraints.iter().find(|constraint| constraint.key == key);
        for (lower, upper) in PAIRS {
            let (Some(min), Some(max)) = (find(lower), find(upper)) else { continue };
            if let (Some(low), Some(high)) = (min.number, max.number)
                && low > high
            {
                let message = format!("nothing is at least {low} and at most {high}");
                let help = format!("write a `{lower}` that is not above the `{upper}`");
                faults.at(max.span, &Fault::new(message, help));
            }
        }
    }
}

impl Known {
    fn read(&self, pair: &Pair, faults: &mut Faults) -> Option<Constraint> {
        let constraint =
            |value, number| Constraint { key: self.key, span: pair.key.span(), keyword: self.keyword, value, number };
        if self.kind == Kind::Flag {
            return pair.flag(faults).map(|_| constraint(quote::quote!(true), None));
        }
        let expected = match self.kind {
            Kind::Number => "a number, or a constant",
            Kind::AboveZero => "a number above zero, or a constant",
            Kind::Count => "a whole number from 0, or a constant",
            Kind::Text | Kind::Format | Kind::Flag => "a string literal, or a constant",
        };
        let kind = self.kind;
        let operand = pair.value(expected, self.example, |input| operand(input, kind), faults)?;
        if let (Kind::Format, Operand::Text(text)) = (self.kind, &operand) {
            check_format(text, faults);
        }
        let number = if let Operand::Number(number) = operand { Some(number) } else { None };
        Some(constraint(typed(pair.value.clone().unwrap_or_default()), number))
    }
}

/// A value that is written in place, or a constant.
enum Operand {
    Number(f64),
    Text(LitStr),
    Constant,
}

fn operand(input: ParseStream<'_>, kind: Kind) -> syn::Result<Operand> {
    let operand = of_expression(input.parse()?).ok_or_else(|| input.error("no operand"))?;
    let fits = match (&operand, kind) {
        (Operand::Number(number), Kind::AboveZero) => *number > 0.0,
        (Operand::Number(number), Kind::Count) => *number >= 0.0 && number.fract() == 0.0,
        (Operand::Number(_), Kind::Number) | (Operand::Text(_), Kind::Text | Kind::Format) | (Operand::Constant, _) => {
            true
        }
        _ => false,
    };
    if fits { Ok(operand) } else { Err(input.error("another operand")) }
}

fn of_expression(expression: Expr) -> Option<Operand> {
    match expression {
        Expr::Group(group) => of_expression(*group.expr),
        Expr::Path(_) => Some(Operand::Constant),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match of_expression(*unary.expr)? {
            Operand::Number(number) => Some(Operand::Number(-number)),
            _ => None,
        },
        Expr::Lit(literal) => match literal.lit {
            Lit::Int(number) => number.base10_digits().parse().ok().map(Operand::Number),
            Lit::Float(number) => number.base10_digits().parse().ok().map(Operand::Number),
            Lit::Str(text) => Some(Operand::Text(text)),
            _ => None,
        },
        _ => None,
    }
}

fn check_format(format: &LitStr, faults: &mut Faults) {
    let text = format.value();
    if FORMATS.contains(&text.as_str()) {
        return;
    }
    let formats: Vec<String> = FORMATS.iter().map(|name| format!("`{name}`")).collect();
    let expected = format!("expected one of {}; for others write a `pattern`", formats.join(", "));
    let help = match nearest(&text, FORMATS) {
        Some(near) => format!("did you mean `{near}`? {expected}"),
        None => expected,
    };
    faults.on(format, &Fault::new(format!("`{text}` is not a format that is checked"), help));
}

fn json(pair: &Pair, example: &str, faults: &mut Faults) -> Option<Json> {
    let value = pair.value.clone().unwrap_or_default();
    let fault = match value.to_string().as_str() {
        "" => Fault::new(format!("the value of `{}` is a JSON value", pair.key), format!("write `{example}`")),
        "null" => Fault::new(
            format!("`{}` cannot be `null`", pair.key),
            "leave it out, and take an `Option`: an absent parameter and `null` mean the same",
        ),
        _ => return Some(Json { span: pair.key.span(), value: typed(value) }),
    };
    faults.on(pair.value_or_key(&value), &fault);
    None
}

/// The list of examples, which holds some.
fn checked(list: Json, faults: &mut Faults) -> Option<Json> {
    let mut tokens = list.value.clone().into_iter();
    let holds_some = matches!(
        (tokens.next(), tokens.next()),
        (Some(TokenTree::Group(group)), None)
            if group.delimiter() == Delimiter::Bracket && !group.stream().is_empty()
    );
    if !holds_some {
        let fault = Fault::new("the value of `examples` is a list that is not empty", "write `examples = [20, 50]`");
        faults.on(&list.value, &fault);
    }
    holds_some.then_some(list)
}

fn bracketed(value: &TokenStream) -> TokenStream {
    quote::quote!([#value])
}

/// The tokens, in which whole numbers have a type that holds them: else it would be `i32`.
fn typed(tokens: TokenStream) -> TokenStream {
    let mut is_negative = false;
    let mut of_token = |token: TokenTree| {
        let typed = match &token {
            TokenTree::Literal(literal) => with_suffix(literal, is_negative),
            TokenTree::Group(group) => {
                let mut inside = proc_macro2::Group::new(group.delimiter(), typed(group.stream()));
                inside.set_span(group.span());
                Some(TokenTree::Group(inside))
            }
            _ => None,
        };
        is_negative = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '-');
        typed.unwrap_or(token)
    };
    tokens.into_iter().map(&mut of_token).collect()
}

fn with_suffix(literal: &Literal, is_negative: bool) -> Option<TokenTree> {
    let number = syn::parse2::<LitInt>(literal.to_token_stream()).ok().filter(|number| number.suffix().is_empty())?;
    let is_large = number.base10_parse::<i64>().is_err() && !is_negative;
    let text = format!("{}{}", number.base10_digits(), if is_large { "u64" } else { "i64" });
    let mut typed: Literal = text.parse().ok()?;
    typed.set_span(literal.span());
    Some(TokenTree::Literal(typed))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::typed;

    #[test]
    fn whole_numbers_have_a_type_that_holds_them() {
        let text = |tokens| typed(tokens).to_string().replace(' ', "");
        assert_eq!(text(quote!(5)), "5i64");
        assert_eq!(text(quote!(0x10)), "16i64");
        assert_eq!(text(quote!(18446744073709551615)), "18446744073709551615u64");
        assert_eq!(text(quote!(-9223372036854775808)), "-9223372036854775808i64");
        assert_eq!(text(quote!([1, { "a": 2.5 }, 3u8, MAX, "4"])), r#"[1i64,{"a":2.5},3u8,MAX,"4"]"#);
    }
}
