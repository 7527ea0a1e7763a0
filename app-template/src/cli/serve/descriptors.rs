//! Descriptors of the process: as many as the system allows, and no more connections than there are descriptors for.

use rpc_core::Limits;
use rustix::process::{Resource, getrlimit, setrlimit};

/// Descriptors for what is no connection or upload of a client: files, the database, mail servers, those who ask for metrics.
const RESERVE: u64 = 256;

/// Connections that are too few for a server that many use.
const FEW: u32 = 1000;

/// Raises the limit of the process to what the system allows (RLIMIT_NOFILE), and lowers those of connections and uploads to
/// what there is room for, so that a descriptor is always left for what calls need.
pub(super) fn fit(limits: &mut Limits) {
    let limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(event = "descriptors.limit", %error, "the limit of descriptors could not be raised");
    }
    let Some(room) = getrlimit(Resource::Nofile).current else { return };
    let before = *limits;
    lower(limits, room);
    if limits.connections < before.connections.min(FEW) || limits.uploads < before.uploads {
        let (connections, websockets, uploads) = (limits.connections, limits.ws_total, limits.uploads);
        tracing::warn!(
            event = "descriptors.few",
            descriptors = room,
            connections,
            websockets,
            uploads,
            "the system allows {room} descriptors: connections, ws-total and uploads are lower than set (raise LimitNOFILE or ulimit -n)"
        );
    }
}

/// A tenth for uploads at most, and of the rest a half for WebSockets at most.
fn lower(limits: &mut Limits, room: u64) {
    let within = |limit: u32, room: u64| limit.min(u32::try_from(room).unwrap_or(u32::MAX)).max(1);
    let room = room.saturating_sub(RESERVE.min(room / 2));
    limits.uploads = within(limits.uploads, room / 10);
    let room = room.saturating_sub(limits.uploads.into());
    if u64::from(limits.connections) + u64::from(limits.ws_total) > room {
        limits.connections = within(limits.connections, (room / 2).max(room.saturating_sub(limits.ws_total.into())));
        limits.ws_total = within(limits.ws_total, room.saturating_sub(limits.connections.into()));
    }
}

#[cfg(test)]
mod tests {
    use rpc_core::Limits;

    use super::lower;

    #[test]
    fn connections_leave_room_for_the_rest() {
        let fitted = |room| {
            let mut limits = Limits::default();
            lower(&mut limits, room);
            (limits.connections, limits.ws_total, limits.uploads)
        };
        assert_eq!(fitted(1_048_576), (10_000, 50_000, 64));
        assert_eq!(fitted(40_000), (10_000, 29_680, 64));
        assert_eq!(fitted(1024), (352, 352, 64));
        for room in [10, 100, 300, 1024, 5000, 20_000, 60_000] {
            let (connections, websockets, uploads) = fitted(room);
            assert!(u64::from(connections + websockets + uploads) < room, "{room}");
        }
    }
}
