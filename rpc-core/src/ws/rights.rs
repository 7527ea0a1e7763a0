//! What is known of the rights of a connection's peer, and whether that still holds.

use std::time::Duration;

use tokio::time::Instant;

use crate::bus::Bus;
use crate::events::Audience;
use crate::identity::Identity;

/// How long a check tells who the peer is while changes are not heard: as long as they may take to arrive.
const FRESH: Duration = Duration::from_secs(1);

/// An identity, and the checks that found it.
#[derive(Debug)]
pub(super) struct Rights {
    identity: Identity,
    /// When the check that found it began.
    checked_at: Instant,
    /// Whether the last check found out.
    is_found: bool,
    /// Reasons for a recheck so far.
    reasons: u64,
    /// How many of them there were when the last recheck that ended began.
    covered: u64,
}

/// The beginning of a recheck.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    at: Instant,
    reasons: u64,
}

/// Whether an event that is published now is for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Yes,
    /// A recheck is due, which may say so.
    Perhaps,
    No,
}

impl Rights {
    /// The rights that a check found, which began at this time.
    pub(super) fn new(identity: Identity, checked_at: Instant) -> Self {
        Self { identity, checked_at, is_found: true, reasons: 0, covered: 0 }
    }

    /// The identity that the last check found. It may have changed since.
    pub(super) fn latest(&self) -> &Identity {
        &self.identity
    }

    /// Notes that something may have changed: a recheck is due.
    pub(super) fn doubt(&mut self) {
        self.reasons += 1;
    }

    /// Whether a recheck is due that has not ended.
    pub(super) fn is_doubted(&self) -> bool {
        self.covered != self.reasons
    }

    /// The identity, if it is known now: no recheck is due, the last check found out, and changes are heard or it has just begun.
    /// A guest remains one.
    pub(super) fn known(&self, bus: &dyn Bus) -> Option<&Identity> {
        let is_guest = self.identity.user().is_none();
        let holds = || self.is_found && !self.is_doubted() && (bus.is_current() || self.checked_at.elapsed() < FRESH);
        (is_guest || holds()).then_some(&self.identity)
    }

    /// Whether an event for an audience is to be kept for the connection.
    pub(super) fn expects(&self, audience: &Audience) -> Expected {
        // Whose credentials they are does not change, but what these permit does.
        let may_be_granted = || matches!(audience, Audience::Permission(_)) && self.identity.user().is_some();
        if audience.includes(&self.identity) {
            Expected::Yes
        } else if self.is_doubted() && may_be_granted() {
            Expected::Perhaps
        } else {
            Expected::No
        }
    }

    /// Begins a recheck.
    pub(super) fn begin(&self) -> Began {
        Began { at: Instant::now(), reasons: self.reasons }
    }

    /// Ends a recheck that found out.
    pub(super) fn found(&mut self, identity: Identity, began: Began) {
        self.identity = identity;
        self.checked_at = began.at;
        self.is_found = true;
        self.covered = began.reasons;
    }

    /// Ends a recheck that could not find out.
    pub(super) fn not_found(&mut self, began: Began) {
        self.is_found = false;
        self.covered = began.reasons;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use async_trait::async_trait;
    use tokio::time::{Instant, advance};

    use super::{Expected, FRESH, Rights};
    use crate::bus::{Bus, BusError, Listener, LocalBus, Notice};
    use crate::events::Audience;
    use crate::identity::{Identity, User};

    /// A bus that hears nothing.
    #[derive(Debug)]
    struct Deaf;

    #[async_trait]
    impl Bus for Deaf {
        async fn announce(&self, _: Notice) -> Result<(), BusError> {
            Ok(())
        }

        fn listen(&self, _: Weak<dyn Listener>) {}

        fn is_current(&self) -> bool {
            false
        }
    }

    fn name<'r>(rights: &'r Rights, bus: &dyn Bus) -> Option<&'r str> {
        rights.known(bus)?.user().map(|user| &*user.name)
    }

    #[test_waits::test(start_paused = true)]
    async fn a_look_counts_from_its_beginning_for_what_there_was_then() {
        let bus = LocalBus::default();
        let mut rights = Rights::new(User::new("7", "eve").into(), Instant::now());
        assert_eq!(name(&rights, &bus), Some("eve"));
        rights.doubt();
        assert_eq!(name(&rights, &bus), None);
        let began = rights.begin();
        rights.doubt();
        rights.found(User::new("7", "eva").into(), began);
        assert_eq!(name(&rights, &bus), None, "it may have read what was true before");
        assert!(rights.is_doubted());
        rights.found(User::new("7", "eva").into(), rights.begin());
        assert_eq!(name(&rights, &bus), Some("eva"));
        rights.not_found(rights.begin());
        assert_eq!(name(&rights, &bus), None);
        assert!(!rights.is_doubted());
    }

    #[test_waits::test(start_paused = true)]
    async fn a_look_holds_for_a_moment_while_nobody_tells_of_changes() {
        let mut rights = Rights::new(User::new("7", "eve").into(), Instant::now());
        assert_eq!(name(&rights, &Deaf), Some("eve"));
        let began = rights.begin();
        advance(FRESH).await;
        assert_eq!((name(&rights, &Deaf), name(&rights, &LocalBus::default())), (None, Some("eve")));
        rights.found(User::new("7", "eva").into(), began);
        assert_eq!(name(&rights, &Deaf), None, "the look took too long");
        rights.found(User::new("7", "eva").into(), rights.begin());
        assert_eq!(name(&rights, &Deaf), Some("eva"));
        let guest = Rights::new(Identity::guest(), Instant::now());
        advance(FRESH).await;
        assert!(guest.known(&Deaf).is_some());
    }

    #[test_waits::test(start_paused = true)]
    async fn a_permission_may_have_been_given() {
        let admins = Audience::Permission("admin".into());
        let mut rights = Rights::new(User::new("7", "eve").into(), Instant::now());
        assert_eq!(rights.expects(&admins), Expected::No);
        rights.doubt();
        assert_eq!(rights.expects(&admins), Expected::Perhaps);
        assert_eq!(rights.expects(&Audience::User("8".into())), Expected::No);
        assert_eq!(rights.expects(&Audience::Users), Expected::Yes);
    }
}
