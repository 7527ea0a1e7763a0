//! Somebody who is signed in and goes on to work, and a proxy that asks whether the server is ready.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::http::{Request, call, try_call};
use crate::process::soon;
use crate::server::{PASSWORD, Server};

/// Between two calls.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Bystander {
    stop: watch::Sender<bool>,
    works: JoinHandle<Vec<Duration>>,
    watches: JoinHandle<Vec<Duration>>,
}

impl Bystander {
    /// Signs in, and begins.
    pub(crate) async fn start(server: &Server) -> Self {
        let address = server.address.to_string();
        let credentials = json!([{"username": "root", "password": PASSWORD}]);
        let (status, answer) = call(&address, "/v1/session/signin", credentials).await;
        assert_eq!(status, 200, "{answer}");
        let token = answer["data"]["token"].as_str().unwrap().to_owned();
        let (stop, stopped) = watch::channel(false);
        let ready = address.clone();
        let works = until(stopped.clone(), move || {
            let (address, token) = (address.clone(), token.clone());
            async move {
                let answered = soon("a profile", try_call(&address, &token, "/v1/profile/read", json!([]))).await;
                assert_eq!(answered.unwrap().0, 200);
            }
        });
        let watches = until(stopped, move || {
            let address = ready.clone();
            async move {
                let request = Request { verb: "GET", path: "/readyz", headers: Vec::new(), body: "" };
                assert_eq!(request.send(&address).await.status, 200);
            }
        });
        Self { stop, works, watches }
    }

    /// Ends, when all was answered well; prints how long that took.
    pub(crate) async fn stop(self, during: &str) {
        self.stop.send_replace(true);
        for (what, ended) in [("profile/read", self.works), ("/readyz", self.watches)] {
            let mut times = soon("the last answer", ended).await.unwrap();
            times.sort_unstable();
            assert!(!times.is_empty(), "nothing was asked");
            let (p99, max) = (times[(times.len() - 1) * 99 / 100], times[times.len() - 1]);
            eprintln!("{during}: {what}: {} answers, p99 {p99:?}, at most {max:?}", times.len());
        }
    }
}

/// Asks again and again, until it is told to stop; how long each answer took.
fn until<F>(mut stopped: watch::Receiver<bool>, ask: impl Fn() -> F + Send + 'static) -> JoinHandle<Vec<Duration>>
where
    F: Future<Output = ()> + Send,
{
    TaskTracker::new().spawn(async move {
        let mut times = Vec::new();
        while !*stopped.borrow() {
            let begun = Instant::now();
            ask().await;
            times.push(begun.elapsed());
            let _ = tokio::time::timeout(PAUSE, stopped.changed()).await;
        }
        times
    })
}
