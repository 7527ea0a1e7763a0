//! The memory that hashes are computed in.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use argon2::Block;

/// Buffers that are kept: what was taken from the system once is used again, and not left to an allocator that keeps a share for
/// each thread that ever hashed. There are as many as were ever used at the same time.
pub(super) struct Buffers {
    blocks: usize,
    idle: Mutex<Vec<Buffer>>,
}

/// A piece of memory, of blocks of 1 KiB.
#[derive(Default)]
pub(super) struct Buffer(Vec<Block>);

impl Buffers {
    /// None yet; each that is kept has that many blocks at most.
    pub(super) fn new(blocks: usize) -> Self {
        Self { blocks, idle: Mutex::default() }
    }

    /// Does something with a buffer that nobody else uses meanwhile.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Buffer) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The one used last, so that few are used where few are needed.
        let mut buffer = idle().pop().unwrap_or_default();
        let done = work(&mut buffer);
        if buffer.0.len() > self.blocks {
            buffer.0.truncate(self.blocks);
            buffer.0.shrink_to_fit();
        }
        idle().push(buffer);
        done
    }
}

impl Buffer {
    /// That many blocks, of any content; `None` when there is no memory.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if let Some(missing) = count.checked_sub(self.0.len()) {
            self.0.try_reserve_exact(missing).ok()?;
            self.0.resize(count, Block::new());
        }
        Some(&mut self.0[..count])
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Buffers;

    #[test]
    fn a_buffer_is_used_again_and_one_that_was_too_large_is_not_kept_so() {
        let buffers = Buffers::new(8);
        let place = |count| buffers.with(|buffer| buffer.blocks(count).unwrap().as_ptr().addr());
        assert_eq!(place(8), place(8));
        assert_eq!(place(4), place(8));
        place(64);
        buffers.with(|buffer| assert_eq!((buffer.0.len(), buffer.0.capacity()), (8, 8)));
    }

    #[test]
    fn those_who_hash_at_once_have_a_buffer_each() {
        let buffers = Buffers::new(8);
        buffers.with(|first| {
            buffers.with(|second| {
                assert_ne!(first.blocks(8).unwrap().as_ptr(), second.blocks(8).unwrap().as_ptr());
            });
        });
        assert_eq!(buffers.idle.lock().unwrap().len(), 2);
    }
}
