use std::fs;

use super::{MailKind, MailTemplates, MailVariables};

fn variables() -> MailVariables {
    MailVariables {
        app_name: "Acme".to_owned(),
        app_url: Some("https://app.example.com/?a=1&b=2".to_owned()),
        user_name: Some("ann".to_owned()),
        link: Some("https://app.example.com/?a=1&b=2#/confirm-email/app_token".to_owned()),
        lifetime: Some("24 hours".to_owned()),
    }
}

/// What is wrong with the built-in templates when a file takes the place of one of them.
fn fault(file: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), text).unwrap();
    MailTemplates::from_folder(folder.path()).unwrap_err().to_string()
}

#[test]
fn every_mail_names_the_application_and_the_user_in_both_forms() {
    let templates = MailTemplates::built_in().unwrap();
    for kind in MailKind::ALL {
        let mail = templates.render(kind, "ann@example.com", &variables()).unwrap();
        assert!(mail.subject().contains("Acme"), "{kind:?}");
        for form in [mail.text(), mail.html()] {
            assert!(form.contains("Acme") && form.contains("Hello ann,"), "{kind:?}: {form}");
            assert!(form.ends_with('\n') && !form.contains("\n\n\n"), "{kind:?}: {form}");
        }
        assert!(mail.html().starts_with("<!doctype html>") && !mail.text().contains("Subject:"), "{kind:?}");
    }
}

#[test]
fn a_link_is_whole_in_the_text_and_escaped_in_html() {
    let templates = MailTemplates::built_in().unwrap();
    for kind in MailKind::ALL.into_iter().filter(|kind| kind.link_path().is_some()) {
        let mail = templates.render(kind, "ann@example.com", &variables()).unwrap();
        assert!(mail.text().contains("\nhttps://app.example.com/?a=1&b=2#/confirm-email/app_token\n"), "{kind:?}");
        let escaped = "https://app.example.com/?a=1&amp;b=2#/confirm-email/app_token";
        assert!(mail.html().contains(&format!("<a href=\"{escaped}\">")), "{kind:?}: {}", mail.html());
        assert!(mail.text().contains("24 hours") && mail.html().contains("24 hours"), "{kind:?}");
    }
}

#[test]
fn what_users_chose_is_no_markup() {
    let templates = MailTemplates::built_in().unwrap();
    let user_name = Some("<img src=x onerror=\"alert('1')\">".to_owned());
    let variables = MailVariables { user_name, ..variables() };
    for kind in MailKind::ALL {
        let mail = templates.render(kind, "ann@example.com", &variables).unwrap();
        assert!(!mail.html().contains("<img"), "{kind:?}: {}", mail.html());
    }
}

#[test]
fn a_subject_cannot_begin_another_header() {
    let templates = MailTemplates::built_in().unwrap();
    for app_name in ["Acme\r\nBcc: eve@example.com", "Acme\rBcc: eve@example.com", "Acme\nBcc: eve@example.com"] {
        let variables = MailVariables { app_name: app_name.to_owned(), ..variables() };
        for kind in MailKind::ALL {
            assert!(templates.render(kind, "ann@example.com", &variables).is_err(), "{kind:?}: {app_name:?}");
        }
    }
}

#[test]
fn a_file_of_the_folder_takes_the_place_of_a_built_in_template() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("confirm-email.txt"), "Subject: Hallo {{ user_name }}\n\n{{ link }}\n").unwrap();
    let templates = MailTemplates::from_folder(folder.path()).unwrap();
    let mail = templates.render(MailKind::ConfirmEmail, "ann@example.com", &variables()).unwrap();
    assert_eq!(mail.subject(), "Hallo ann");
    assert_eq!(mail.text(), variables().link.unwrap() + "\n");
    assert!(mail.html().contains("Hello ann"));
}

#[test]
fn a_faulty_template_is_found_at_start_with_its_file_and_line() {
    for (file, text, message) in [
        (
            "confirm-email.txt",
            "Subject: Hello\n\n{{ user }}\n",
            "confirm-email.txt: line 3: it names a variable that this mail does not have",
        ),
        (
            "address-in-use.html",
            "<p>\n{{ link }}</p>",
            "address-in-use.html: line 2: it names a variable that this mail does not have",
        ),
        (
            "reset-password.txt",
            "Hello\n\n{{ link }}\n",
            "reset-password.txt: expected \"Subject:\" and a subject in the first line, and nothing in the second",
        ),
        (
            "reset-password.txt",
            "Subject: Hello\n{{ link }}\n",
            "reset-password.txt: expected \"Subject:\" and a subject in the first line, and nothing in the second",
        ),
    ] {
        assert_eq!(fault(file, text), message);
    }
    let unclosed = fault("set-password.html", "<p>{% if link %}</p>");
    assert!(unclosed.starts_with("set-password.html: line 1: "), "{unclosed}");
    // What is wrong only while `app_url` is unset is found as well.
    let unset = fault("address-in-use.html", "{{ app_url.host }}");
    assert!(unset.starts_with("address-in-use.html: line 1: "), "{unset}");
}

#[test]
fn a_name_that_reads_as_a_link_is_in_no_part_of_a_mail() {
    let templates = MailTemplates::built_in().unwrap();
    for name in ["www.cheap.example", "cheap.example", "eve@cheap.example", "10.0.0.1"] {
        let variables = MailVariables { user_name: Some(name.to_owned()), ..variables() };
        for kind in MailKind::ALL {
            let mail = templates.render(kind, "ann@example.com", &variables).unwrap();
            for part in [mail.subject(), mail.text(), mail.html()] {
                assert!(!part.contains("cheap") && !part.contains("10.0"), "{kind:?}: {part}");
            }
            assert!(mail.text().starts_with("Hello,\n") && mail.html().contains("<p>Hello,</p>"), "{kind:?}");
        }
    }
}
