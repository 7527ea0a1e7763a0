//! How messages name a value in the parameters: `settings.ports[2]`.

use crate::pointer::unescape;

/// Characters of a pointer that messages show. The names in it are the caller's, and may be as long as a body.
const TOLD: usize = 500;

/// A pointer, cut to the length that messages show.
pub(crate) fn shortened(mut pointer: String) -> String {
    if let Some((end, _)) = pointer.char_indices().nth(TOLD) {
        pointer.truncate(end);
        pointer.push('…');
    }
    pointer
}

/// Names the value that a JSON Pointer below a parameter leads to.
pub(crate) fn label(parameter: &str, pointer: &str) -> String {
    let mut label = parameter.to_owned();
    for segment in pointer.split('/').skip(1) {
        if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            label.push('[');
            label.push_str(segment);
            label.push(']');
        } else {
            label.push('.');
            label.push_str(&unescape(segment));
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::label;
    use crate::pointer::escape;

    #[test]
    fn a_pointer_reads_like_a_place_in_code() {
        assert_eq!(label("settings", ""), "settings");
        assert_eq!(label("settings", "/smtp/ports/2"), "settings.smtp.ports[2]");
        assert_eq!(label("map", &format!("/{}", escape("a/b~c"))), "map.a/b~c");
    }
}
