//! What a server offers, in whatever dialect it says so.
//!
//! Keywords ignore case (RFC 5321, section 2.4), and names of mechanisms do (RFC 4422, section 3.1). lettre 0.11 compares both as
//! they are written (`ServerInfo::from_response` in its `transport/smtp/extension.rs`), and forgets those that it does not know. It
//! would take a server that says `250 starttls` for one that cannot encrypt, and send it all in clear text. So what is said before
//! the encryption reaches lettre in upper case, by [`UpperCase`], and what lettre does not find after it is looked for here, by
//! [`Offers`].

use lettre::transport::smtp::response::Response;

/// Bytes of a name of a mechanism (RFC 4422, section 3.1).
const LONGEST_NAME: usize = 20;

/// Names of mechanisms that are told on.
const MAX_NAMES: usize = 10;

/// Turns what a server agrees with, lines that begin with `250`, to upper case. Refusals stay as they were said.
#[derive(Debug, Default)]
pub(super) struct UpperCase {
    column: usize,
    is_other: bool,
}

impl UpperCase {
    /// The next byte of what the server says.
    pub(super) fn turn(&mut self, byte: u8) -> u8 {
        if byte == b'\n' {
            *self = Self::default();
            return byte;
        }
        if let Some(expected) = b"250".get(self.column) {
            self.is_other |= byte != *expected;
        }
        self.column += 1;
        if self.is_other { byte } else { byte.to_ascii_uppercase() }
    }
}

/// A way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// RFC 4616.
    Plain,
    /// A draft that was never finished, and all that some providers know.
    Login,
}

/// What a server offers in its answer to `EHLO`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Offers {
    /// Addresses beyond ASCII (RFC 6531).
    pub(super) smtp_utf8: bool,
    /// The names of its mechanisms, in upper case.
    pub(super) mechanisms: Vec<String>,
}

impl Offers {
    pub(super) fn of(answer: &Response) -> Self {
        let mut offers = Self::default();
        for line in answer.message() {
            offers.add(&line.to_ascii_uppercase());
        }
        offers
    }

    fn add(&mut self, line: &str) {
        // Old servers say `AUTH=LOGIN PLAIN`, beside or instead of what became the standard.
        let mut words = line.split(|c: char| c.is_ascii_whitespace() || c == '=').filter(|word| !word.is_empty());
        match words.next() {
            Some("SMTPUTF8") => self.smtp_utf8 = true,
            Some("AUTH") => {
                for name in words.filter(|name| is_name(name)) {
                    if self.mechanisms.len() < MAX_NAMES && !self.mechanisms.iter().any(|known| known == name) {
                        self.mechanisms.push(name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    /// The best of the mechanisms that are known here.
    pub(super) fn mechanism(&self) -> Option<Mechanism> {
        let offers = |name: &str| self.mechanisms.iter().any(|offered| offered == name);
        if offers("PLAIN") { Some(Mechanism::Plain) } else { offers("LOGIN").then_some(Mechanism::Login) }
    }
}

/// Whether a text could be the name of a mechanism: what a server says goes into errors.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{Mechanism, Offers, UpperCase};

    fn offers(lines: &[&str]) -> Offers {
        Offers::of(&lines.iter().map(|line| format!("{line}\r\n")).collect::<String>().parse().unwrap())
    }

    #[test]
    fn offers_are_read_whatever_their_case_and_form() {
        for (lines, smtp_utf8, mechanism, names) in [
            (vec!["250-peer", "250-smtputf8", "250 auth plain login"], true, Some(Mechanism::Plain), "PLAIN LOGIN"),
            (vec!["250-peer", "250-Auth=Login Plain", "250 size"], false, Some(Mechanism::Plain), "LOGIN PLAIN"),
            (vec!["250-peer", "250 AUTH=LOGIN"], false, Some(Mechanism::Login), "LOGIN"),
            (
                vec!["250-peer", "250-AUTH LOGIN", "250 AUTH=LOGIN CRAM-MD5"],
                false,
                Some(Mechanism::Login),
                "LOGIN CRAM-MD5",
            ),
            (vec!["250-peer", "250 AUTH\tXOAUTH2  CRAM-MD5"], false, None, "XOAUTH2 CRAM-MD5"),
            (vec!["250-peer", "250 AUTH"], false, None, ""),
            (vec!["250-peer", "250 AUTH <b>PLAIN</b> \u{1b}[31m PLAINER"], false, None, "PLAINER"),
            (vec!["250-peer", "250 XAUTH PLAIN"], false, None, ""),
            (vec!["250 peer"], false, None, ""),
        ] {
            let offered = offers(&lines);
            let told = (offered.smtp_utf8, offered.mechanism(), offered.mechanisms.join(" "));
            assert_eq!(told, (smtp_utf8, mechanism, names.to_owned()), "{lines:?}");
        }
        let many: String = (0..100).map(|number| format!(" X{number}")).collect();
        assert_eq!(offers(&["250-peer", &format!("250 AUTH {}{many}", "X".repeat(21))]).mechanisms.len(), 10);
    }

    #[test]
    fn only_what_the_server_agrees_with_is_in_upper_case() {
        let said =
            "220 peer ready\r\n250-peer\r\n250-starttls\r\n250 auth plain\r\n2501x\r\n550 no such user\r\n25\r\n250 ok";
        let mut upper_case = UpperCase::default();
        let heard: Vec<u8> = said.bytes().map(|byte| upper_case.turn(byte)).collect();
        let expected =
            "220 peer ready\r\n250-PEER\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n2501X\r\n550 no such user\r\n25\r\n250 OK";
        assert_eq!(String::from_utf8(heard).unwrap(), expected);
    }
}
