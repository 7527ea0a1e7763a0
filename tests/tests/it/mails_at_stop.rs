//! Mails that wait when the server stops.

use rustix::process::Signal;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::http::call;
use crate::process::{Running, command, soon};

/// The next connection to a server.
async fn next(listener: &TcpListener) -> TcpStream {
    soon("a connection", listener.accept()).await.unwrap().0
}

/// Takes a mail (RFC 5321): its lines.
async fn take_mail(stream: TcpStream) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await.unwrap();
    let (mut mail, mut in_mail, mut line) = (Vec::new(), false, String::new());
    while soon("a line", stream.read_line(&mut line)).await.unwrap() > 0 {
        let said = std::mem::take(&mut line);
        let said = said.trim_end();
        let answer: &[u8] = match said {
            "." if in_mail => {
                in_mail = false;
                b"250 OK\r\n"
            }
            line if in_mail => {
                mail.push(line.to_owned());
                continue;
            }
            "DATA" => {
                in_mail = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 OK\r\n",
        };
        stream.write_all(answer).await.unwrap();
    }
    mail
}

#[tokio::test]
async fn a_mail_that_waits_leaves_at_the_stop_though_a_call_takes_all_the_time_of_calls() {
    let (mails, gate) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = mails.local_addr().unwrap().port().to_string();
    let mut app = command("slow-app", &["--port", "0"]);
    app.env("APP_DRAIN_TIME", "500ms").env("APP_APP_URL", "https://app.example.com");
    app.env("APP_SMTP_HOSTNAME", "127.0.0.1").env("APP_SMTP_PORT", port).env("APP_SMTP_FROM", "app@example.com");
    let (mut running, address) = Running::serve(&mut app).await;
    let (waits_at, waits_for) = (address.clone(), gate.local_addr().unwrap());
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { call(&waits_at, "/v1/slow/wait", json!([waits_for])).await });
    let _held = next(&gate).await;
    let fields = json!([{"username": "zoe", "email": "zoe@example.com"}]);
    assert_eq!(call(&address, "/v1/session/signup", fields).await.0, 200);
    // Put off when it comes first, and when the stop begins.
    next(&mails).await.write_all(b"421 busy\r\n").await.unwrap();
    running.event("mail.retry").await;
    running.signal(Signal::TERM);
    next(&mails).await.write_all(b"421 busy\r\n").await.unwrap();
    let mail = take_mail(next(&mails).await).await;
    assert!(mail.iter().any(|line| line == "To: zoe@example.com"), "{mail:?}");
    assert_eq!(running.event("server.stopped").await["cut"], json!(1));
    let ended = running.ended().await;
    assert!(ended.code == Some(0) && !ended.stderr.contains("mail.dropped"), "{}", ended.stderr);
    waiting.abort_all();
}
