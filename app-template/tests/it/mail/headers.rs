use app_template::mail::{Mail, SmtpMailer, SmtpOptions};

use super::{HOST, clock, open};

#[test]
fn nothing_in_a_header_begins_another() {
    for (to, subject) in [
        ("bob@example.com\r\nBcc: eve@example.com", "Hello"),
        ("bob@example.com\nBcc: eve@example.com", "Hello"),
        ("bob@example.com\r", "Hello"),
        ("bob@example.com\0", "Hello"),
        ("bob@example.com, eve@example.com", "Hello"),
        ("Bob <bob@example.com>", "Hello"),
        ("bob@example.com>\r\nRCPT TO:<eve@example.com", "Hello"),
        ("\"a\r\nb\"@example.com", "Hello"),
        ("bob", "Hello"),
        ("", "Hello"),
        ("bob@example.com", "Hello\r\nBcc: eve@example.com"),
        ("bob@example.com", "Hello\nBcc: eve@example.com"),
        ("bob@example.com", "Hello\rBcc: eve@example.com"),
        ("bob@example.com", "Hello\r\n\r\n<p>another body</p>"),
        ("bob@example.com", "Hello\0"),
        ("bob@example.com", "Hello\u{85}Bcc: eve@example.com"),
        ("bob@example.com", "Hello\u{2028}Bcc: eve@example.com"),
    ] {
        assert!(Mail::new(to, subject, "text", "html").is_err(), "{to:?} {subject:?}");
    }
}

#[test]
fn a_sender_is_one_address() {
    for from in
        ["a@acme.example\r\nBcc: eve@example.com", "Acme\r\n <a@acme.example>", "Acme", "a@x.example, b@x.example"]
    {
        assert!(SmtpMailer::new(open(HOST), from, SmtpOptions::default(), clock()).is_err(), "{from:?}");
    }
}

#[test]
fn the_text_form_of_a_mail_tells_no_link() {
    let mail = Mail::new("bob@example.com", "Hello", "canary", "canary").unwrap();
    assert!(!format!("{mail:?}").contains("canary"));
}
