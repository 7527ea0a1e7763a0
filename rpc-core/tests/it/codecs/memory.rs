//! What a message can make the server allocate.

use super::LIMITS;
use allocation_counter::{AllocationInfo, measure};
use rpc_core::Codec;

fn cost(bytes: &[u8]) -> AllocationInfo {
    measure(|| drop(Codec::MsgPack.decode(bytes, LIMITS)))
}

/// 100 levels of a container, then `last`.
fn nested(opening: &[u8], last: &[u8]) -> Vec<u8> {
    [&opening.repeat(100)[..], last].concat()
}

#[test]
fn four_gigabytes_that_are_only_declared_cost_nothing() {
    let huge = [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"];
    let extensions = [b"\xc9\xff\xff\xff\xff\xff", b"\xc9\xff\xff\xff\xff\x00", b"\xc9\xff\xff\xff\xff\x01"];
    let declared = huge.iter().map(|bytes| &bytes[..]).chain(extensions.iter().map(|bytes| &bytes[..]));
    for bytes in declared {
        for opening in [&b"\x91"[..], b"\x81\xa1a", b"\x9f", b"\x8f\xa1a", bytes] {
            let message = nested(opening, bytes);
            assert!(Codec::MsgPack.decode(&message, LIMITS).is_err(), "{message:02x?}");
            let bytes_max = cost(&message).bytes_max;
            assert!(bytes_max < 250_000, "{bytes_max} bytes for {opening:02x?} {bytes:02x?}");
        }
    }
}

#[test]
fn a_length_that_the_rest_could_just_hold_costs_nothing_before_it_is_read() {
    let padding = vec![0xc1; 500_000];
    for opening in [b"\xdd\x00\x03\x00\x00", b"\xdf\x00\x03\x00\x00"] {
        let message = [&opening[..], &padding].concat();
        assert!(Codec::MsgPack.decode(&message, LIMITS).is_err());
        let bytes_max = cost(&message).bytes_max;
        assert!(bytes_max < 10_000, "{bytes_max}");
    }
    let message = nested(b"\xdd\x00\x03\x00\x00", &padding);
    let bytes_max = cost(&message).bytes_max;
    assert!(bytes_max < 250_000, "{bytes_max}");
}

/// A body of 1 MiB, of what grows most in memory: a byte that becomes a value, while the list of them is being moved.
#[test]
fn a_message_grows_in_memory_by_a_known_factor() {
    for (element, factor) in [(&b"\xc0"[..], 110), (b"\x91\xc0", 95), (b"\x81\xa0\xc0", 95)] {
        let count = u32::try_from((1 << 20) / element.len() - 8).unwrap();
        let body = [&b"\xdd"[..], &count.to_be_bytes(), &element.repeat(count as usize)].concat();
        let grown = cost(&body).bytes_max / body.len() as u64;
        assert!(grown < factor, "{element:02x?} grows {grown} times");
    }
}
