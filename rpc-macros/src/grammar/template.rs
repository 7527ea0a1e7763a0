//! Texts with places for values: `The order is at version {current}`.

use crate::fault::Fault;

/// The names in braces, each once, in the order in which they are first written. `{{` and `}}` are braces.
///
/// # Errors
///
/// A brace without its other one, or no name in them.
pub(crate) fn names(text: &str) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' if letters.peek() == Some(&'{') => drop(letters.next()),
            '}' if letters.peek() == Some(&'}') => drop(letters.next()),
            '{' => {
                let mut is_closed = false;
                let until_closed = |letter: &char| {
                    is_closed = *letter == '}';
                    !is_closed
                };
                let place: String = letters.by_ref().take_while(until_closed).collect();
                if !is_closed {
                    return Err(Fault::new(
                        format!("`{{{place}` is not closed"),
                        "write `}` after the name, or `{{` for a brace",
                    ));
                }
                let name = place.split(':').next().unwrap_or_default();
                if !is_name(name) {
                    return Err(Fault::new(
                        format!("`{{{place}}}` names no field"),
                        "write the name of a field, as in `{current}`",
                    ));
                }
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
            '}' => return Err(Fault::new("`}` closes nothing", "write `}}` for a brace")),
            _ => {}
        }
    }
    Ok(names)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn each_name_is_found_once() {
        assert_eq!(names("{a} of {b:?}, {a} again, {{c}} not"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(names("plain"), Ok(Vec::new()));
    }

    #[test]
    fn a_place_without_a_name_is_refused() {
        for text in ["{}", "{0}", "{", "{a", "{a b}", "a}", "{:?}"] {
            assert!(names(text).is_err(), "{text}");
        }
    }
}
