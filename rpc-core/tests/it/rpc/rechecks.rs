//! Credentials of open sockets, looked at again: for one user, for all, while they cannot be checked, and at awkward moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use rpc_core::{AuthError, AuthRequest, Authenticator, Identity, LocalBus, Notice, Token, User};
use serde_json::json;
use test_waits::until;
use tokio::sync::Semaphore;

use super::socket::Socket;
use super::{builder, start};
use crate::support::server::Running;
use crate::support::withdraw;

/// What a look at a token finds.
#[derive(Debug, Clone, Copy)]
enum Look {
    Good,
    /// Good, and what is announced before the answer is there says that it is no longer.
    GoodUntilNow,
    /// Good, after the door has been opened.
    GoodAfterTheDoor,
    Unavailable,
    Gone,
}

/// Answers by a list, one answer a look; the last one for ever.
struct Listed {
    looks: Vec<Look>,
    count: AtomicUsize,
    door: Semaphore,
    bus: Arc<LocalBus>,
}

impl Listed {
    async fn serve(looks: &[Look]) -> (Arc<Self>, Running) {
        let bus = Arc::new(LocalBus::default());
        let (count, door) = (AtomicUsize::new(0), Semaphore::new(0));
        let listed = Arc::new(Self { looks: looks.to_vec(), count, door, bus: Arc::clone(&bus) });
        let builder = builder().authenticator(Shared(Arc::clone(&listed))).bus(bus);
        (listed, Running::serve(builder, |service| service).await)
    }

    async fn has_looked(&self, count: usize) {
        until("another look", || self.count.load(Ordering::SeqCst) >= count).await;
    }
}

struct Shared(Arc<Listed>);

#[async_trait]
impl Authenticator for Shared {
    async fn authenticate(&self, _: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        let Listed { looks, count, door, bus } = &*self.0;
        let number = count.fetch_add(1, Ordering::SeqCst);
        match looks[number.min(looks.len() - 1)] {
            Look::Good => {}
            Look::GoodUntilNow => bus.tell(&Notice::User("7".into())),
            Look::GoodAfterTheDoor => door.acquire().await.unwrap().forget(),
            Look::Unavailable => return Err(AuthError::Unavailable("no answer".into())),
            Look::Gone => return Err(AuthError::BadToken),
        }
        Ok(User::new("7", "eve").into())
    }
}

#[test_waits::test]
async fn after_missed_notices_every_socket_is_looked_at() {
    let server = start().await;
    let (first, second) =
        (Socket::with_token(&server, "t_gone_one").await, Socket::with_token(&server, "t_gone_two").await);
    let (mut stays, guest) = (Socket::with_token(&server, "t_admin").await, Socket::guest(&server).await);
    withdraw("t_gone_one");
    withdraw("t_gone_two");
    server.api.bus().announce(Notice::Missed).await.unwrap();
    assert_eq!((first.closed().await, second.closed().await), (Some(4000), Some(4000)));
    assert_eq!(stays.call("/v9/rpc/whoami", json!([])).await["result"]["data"], "bob");
    assert_eq!(server.api.websockets(), 2);
    drop(guest);
}

#[test_waits::test]
async fn credentials_that_cannot_be_checked_keep_their_socket_and_are_checked_later() {
    // The handshake; the look after the notice; the call's own; the later look.
    let looks = [Look::Good, Look::Unavailable, Look::Unavailable, Look::Gone];
    let (listed, server) = Listed::serve(&looks).await;
    let mut socket = Socket::with_token(&server, "t_any").await;
    listed.bus.tell(&Notice::Missed);
    listed.has_looked(2).await;
    assert_eq!(socket.call("/v9/rpc/whoami", json!([])).await["error"]["code"], -32814);
    assert_eq!(socket.closed().await, Some(4000));
}

#[test_waits::test]
async fn a_change_during_the_handshake_reaches_the_socket() {
    let (_listed, server) = Listed::serve(&[Look::GoodUntilNow, Look::Gone]).await;
    assert_eq!(Socket::with_token(&server, "t_any").await.closed().await, Some(4000));
}

#[test_waits::test]
async fn a_change_during_a_look_is_followed_by_another_look() {
    let (listed, server) = Listed::serve(&[Look::Good, Look::GoodAfterTheDoor, Look::Gone]).await;
    let socket = Socket::with_token(&server, "t_any").await;
    listed.bus.tell(&Notice::User("7".into()));
    listed.has_looked(2).await;
    listed.bus.tell(&Notice::User("7".into()));
    listed.door.add_permits(1);
    assert_eq!(socket.closed().await, Some(4000));
}

#[test_waits::test]
async fn a_look_that_hangs_does_not_hold_up_a_stop() {
    let (listed, server) = Listed::serve(&[Look::Good, Look::GoodAfterTheDoor]).await;
    let socket = Socket::with_token(&server, "t_any").await;
    listed.bus.tell(&Notice::Missed);
    listed.has_looked(2).await;
    server.stop().await;
    assert_eq!(socket.closed().await, Some(1001));
}
