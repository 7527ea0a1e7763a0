//! Rights that change under an open socket, whether its client reads or not and the store answers or not: what is not for
//! everyone is delivered under rights that are known.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use futures_util::StreamExt;
use rpc_core::{
    Api, Audience, AuthError, AuthRequest, Authenticator, Bus, BusError, Identity, Limits, Listener, LocalBus, Notice,
    Token, User,
};
use serde_json::{Value, json};
use test_waits::{Bounded, soon, until};
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use super::builder;
use super::socket::Socket;
use crate::support::server::Running;

/// What the store says of Eve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Eve {
    Admin,
    NoAdmin,
    Gone,
    Unavailable,
    /// It does not answer until it has something else to say.
    Hangs,
}

/// The store: what it says now, and how often it was asked.
struct Store {
    eve: watch::Sender<Eve>,
    asked: AtomicUsize,
}

impl Store {
    fn says(&self, eve: Eve) {
        self.eve.send_replace(eve);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn was_asked(&self, times: usize) {
        until("a question to the store", || self.asked() >= times).await;
    }
}

struct Asks(Arc<Store>);

#[async_trait]
impl Authenticator for Asks {
    async fn authenticate(&self, _: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let mut eve = self.0.eve.subscribe();
        let answer = *eve.wait_for(|eve| *eve != Eve::Hangs).await.unwrap();
        match answer {
            Eve::Admin => Ok(User::new("7", "eve").permission("admin").into()),
            Eve::NoAdmin => Ok(User::new("7", "eve").into()),
            Eve::Gone => Err(AuthError::BadToken),
            Eve::Unavailable | Eve::Hangs => Err(AuthError::Unavailable("no answer".into())),
        }
    }
}

/// A bus that can be cut off from other nodes.
#[derive(Debug, Default)]
struct Line {
    local: LocalBus,
    is_cut: AtomicBool,
}

#[async_trait]
impl Bus for Line {
    async fn announce(&self, notice: Notice) -> Result<(), BusError> {
        self.local.announce(notice).await
    }

    fn listen(&self, listener: Weak<dyn Listener>) {
        self.local.listen(listener);
    }

    fn is_current(&self) -> bool {
        !self.is_cut.load(Ordering::SeqCst)
    }
}

/// Two nodes with one store: what happens on the first is to reach sockets of the second.
struct World {
    store: Arc<Store>,
    line: Arc<Line>,
    near: Running,
    far: Running,
}

impl World {
    async fn new(eve: Eve) -> Self {
        Self::with_limits(eve, |_| {}).await
    }

    async fn with_limits(eve: Eve, change: impl FnOnce(&mut Limits)) -> Self {
        let store = Arc::new(Store { eve: watch::Sender::new(eve), asked: AtomicUsize::new(0) });
        let line = Arc::new(Line::default());
        let mut limits = Limits::default();
        change(&mut limits);
        let node = async || {
            let builder = builder().limits(limits).authenticator(Asks(Arc::clone(&store))).bus(Arc::clone(&line) as _);
            Running::serve(builder, |service| service).await
        };
        let (near, far) = (node().await, node().await);
        Self { store, line, near, far }
    }

    async fn socket(&self) -> Socket {
        Socket::with_token(&self.far, "t_eve").await
    }

    /// A socket whose client reads nothing, with more for it than the system takes, in events that are `READ_FIRST`.
    async fn unread_socket(&self) -> Socket {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        let stream = Bounded::new(socket.connect(self.far.address).await.unwrap());
        let headers = [("sec-websocket-protocol", "jsonrpc_2.0, t_eve")];
        let socket = Socket::open_over(stream, &self.far, &headers).await.unwrap();
        let large = "x".repeat(1024 * 1024);
        for _ in 0..16 {
            self.api().publish_by_name(Audience::Everyone, "/v9/rpc/news", &large).await.unwrap();
        }
        // The server has written, as much as there is room for.
        soon("the first event", socket.stream.get_ref().get_ref().readable()).await.unwrap();
        for _ in 0..READ_FIRST - 16 {
            self.api().publish_by_name(Audience::Everyone, "/v9/rpc/news", "x").await.unwrap();
        }
        // It has noticed the others, too.
        assert_eq!(self.far.post("/v9/rpc/echo", "[1]").await.status, 200);
        socket
    }

    fn api(&self) -> &Api {
        &self.near.api
    }

    /// The store says something else of Eve, and nodes are told so.
    async fn changes(&self, eve: Eve) {
        self.store.says(eve);
        self.api().bus().announce(Notice::User("7".into())).await.unwrap();
    }

    async fn tell_admins(&self, number: u32) {
        self.api().publish_by_name(Audience::Permission("admin".into()), "/v9/rpc/some", number).await.unwrap();
    }

    async fn tell_everyone(&self, text: &str) {
        self.api().publish_by_name(Audience::Everyone, "/v9/rpc/news", text).await.unwrap();
    }
}

/// Events that an unread socket has before all others: more than are kept out of the queue of events.
const READ_FIRST: usize = 120;

/// The payload of the next event.
async fn heard(socket: &mut Socket) -> Value {
    socket.json().await["params"][1].take()
}

#[test_waits::test]
async fn rights_that_end_while_a_client_does_not_read_are_noticed_at_once() {
    let world = World::new(Eve::Admin).await;
    let mut socket = world.unread_socket().await;
    world.tell_admins(1).await;
    world.changes(Eve::NoAdmin).await;
    world.store.was_asked(2).await;
    world.tell_admins(2).await;
    world.tell_everyone("last").await;
    for _ in 0..READ_FIRST {
        assert_ne!(heard(&mut socket).await, "last");
    }
    assert_eq!(heard(&mut socket).await, "last");
}

#[test_waits::test]
async fn a_client_that_is_shut_out_and_reads_later_gets_no_event_of_before_or_after() {
    let world = World::new(Eve::Admin).await;
    let mut socket = world.unread_socket().await;
    world.tell_admins(1).await;
    world.changes(Eve::Gone).await;
    world.store.was_asked(2).await;
    world.tell_admins(2).await;
    let mut code = None;
    while let Some(Ok(message)) = socket.stream.next().await {
        match message {
            Message::Close(frame) => code = frame.map(|frame| u16::from(frame.code)),
            message => assert!(!message.into_text().unwrap().contains("/v9/rpc/some")),
        }
    }
    assert_eq!(code, Some(4000));
}

#[test_waits::test]
async fn a_client_that_reads_again_gets_all_that_waited() {
    let world = World::new(Eve::Admin).await;
    let mut socket = world.unread_socket().await;
    world.tell_admins(1).await;
    for _ in 0..READ_FIRST {
        heard(&mut socket).await;
    }
    assert_eq!(heard(&mut socket).await, 1);
    assert_eq!(world.store.asked(), 1);
}

/// A socket of an admin for which an event for admins waits, since the store hangs.
async fn waits_for_the_store(world: &World) -> Socket {
    let mut socket = world.socket().await;
    world.changes(Eve::Hangs).await;
    world.tell_admins(1).await;
    for text in ["first", "second"] {
        world.tell_everyone(text).await;
        assert_eq!(heard(&mut socket).await, text, "events for everyone go on");
    }
    world.store.was_asked(2).await;
    socket
}

#[test_waits::test]
async fn what_is_not_for_everyone_waits_while_the_store_hangs() {
    let world = World::new(Eve::Admin).await;
    let mut socket = waits_for_the_store(&world).await;
    world.store.says(Eve::Admin);
    assert_eq!(heard(&mut socket).await, 1);
}

#[test_waits::test]
async fn what_waited_for_the_store_is_not_for_those_who_lost_their_rights() {
    let world = World::new(Eve::Admin).await;
    let mut socket = waits_for_the_store(&world).await;
    world.changes(Eve::NoAdmin).await;
    world.store.was_asked(3).await;
    for text in ["third", "fourth"] {
        world.tell_everyone(text).await;
        assert_eq!(heard(&mut socket).await, text);
    }
}

#[test_waits::test]
async fn what_is_not_for_everyone_waits_while_the_store_is_down() {
    let world = World::new(Eve::Admin).await;
    let mut socket = world.socket().await;
    world.changes(Eve::Unavailable).await;
    world.store.was_asked(2).await;
    // An answer of the socket comes after the look has ended.
    socket.call("/ping", json!([])).await;
    world.tell_admins(1).await;
    world.tell_everyone("first").await;
    assert_eq!(heard(&mut socket).await, "first");
    world.store.says(Eve::Admin);
    world.api().bus().announce(Notice::Missed).await.unwrap();
    assert_eq!(heard(&mut socket).await, 1);
}

#[test_waits::test]
async fn an_event_that_is_published_after_a_permission_was_given_reaches_its_new_holder() {
    let world = World::new(Eve::NoAdmin).await;
    let mut socket = world.socket().await;
    world.tell_admins(1).await;
    world.changes(Eve::Hangs).await;
    world.tell_admins(2).await;
    world.store.says(Eve::Admin);
    assert_eq!(heard(&mut socket).await, 2);
}

#[test_waits::test]
async fn events_that_wait_for_rights_are_bounded_and_those_of_others_close_nothing() {
    let few = |limits: &mut Limits| limits.ws_events = 4;
    let world = World::with_limits(Eve::NoAdmin, few).await;
    let mut socket = world.socket().await;
    world.changes(Eve::Hangs).await;
    for number in 0..100 {
        world.tell_admins(number).await;
    }
    for number in 0..10 {
        world.tell_everyone(&number.to_string()).await;
        assert_eq!(heard(&mut socket).await, number.to_string());
    }
    let world = World::with_limits(Eve::Admin, few).await;
    let socket = world.socket().await;
    world.changes(Eve::Hangs).await;
    for number in 0..5 {
        world.tell_admins(number).await;
    }
    assert_eq!(socket.closed().await, Some(1008));
}

#[test_waits::test]
async fn rights_are_looked_at_anew_while_nobody_tells_of_changes() {
    let world = World::new(Eve::Admin).await;
    let mut socket = world.socket().await;
    world.line.is_cut.store(true, Ordering::SeqCst);
    let mut number = 0;
    let mut hears = async || {
        number += 1;
        world.tell_admins(number).await;
        world.tell_everyone("then").await;
        let first = heard(&mut socket).await;
        let hears = first == number;
        if hears {
            assert_eq!(heard(&mut socket).await, "then");
        } else {
            assert_eq!(first, "then");
        }
        hears
    };
    let looks = async {
        while world.store.asked() < 3 {
            assert!(hears().await, "she is an admin at each look");
        }
    };
    soon("a third look", looks).await;
    // Nobody tells the node.
    world.store.says(Eve::NoAdmin);
    soon("a look that finds no right", async { while hears().await {} }).await;
}
