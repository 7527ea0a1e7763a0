use std::fs;
use std::os::unix::fs::PermissionsExt;

use app_template::mail::{FileMailer, LogMailer, Mailer};

use super::{Log, clock, mail};

#[test_waits::test]
async fn a_file_of_a_mail_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("out/box");
    let mailer = FileMailer::new(&outbox, "Acme <noreply@acme.example>", clock()).unwrap();
    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();
    let files: Vec<_> = fs::read_dir(&outbox).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        assert_eq!(file.extension().unwrap(), "eml");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("To: bob@example.com\r\n") && text.contains("\r\nplain words\r\n"), "{text}");
    }
}

#[test_waits::test]
async fn a_folder_that_cannot_be_written_to_puts_mails_off() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("file");
    fs::write(&occupied, "").unwrap();
    let error = FileMailer::new(&occupied, "a@acme.example", clock()).unwrap().send(&mail()).await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
}

#[test_waits::test]
async fn a_mail_in_the_log_can_be_read_there() {
    let (log, _guard) = Log::begin();
    LogMailer.send(&mail()).await.unwrap();
    let text = log.text();
    assert!(text.contains("INFO") && text.contains("mail to bob@example.com: Hello\n\nplain words\n"), "{text}");
}
