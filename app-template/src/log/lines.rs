//! What is logged, on its way to stderr. It waits in a queue for a thread that writes it: no call ever waits for whoever reads
//! the log, however slow, and also when nobody does any longer.
//!
//! It is bounded in bytes; what there is no room for, and what cannot be written, is counted. That is why it is not
//! `tracing-appender`, which is bounded in lines of any length, counts no failed write, and prints to stdout when it is full at
//! the end. What it does not do: write files, rotate them, write to several outputs, sort out what to drop (it is what comes last),
//! or write again what failed. Lines that wait when the process is killed are lost.

use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Bytes that wait at most, some thousand lines; as many may be on their way already.
const ROOM: usize = 1024 * 1024;

/// For how long the end of the process waits for those that still have to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// The lines of the log. What there is no room for is dropped and counted. Clones are the same lines.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something waits.
    news: Condvar,
    /// Nothing waits any longer, nor is it on its way.
    rest: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: Batch,
    is_writing: bool,
}

/// Lines that are written at once.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    lines: u64,
}

impl Lines {
    /// Lines that are written to `output`, from now on until the process ends.
    pub(super) fn to(output: impl Write + Send + 'static) -> io::Result<Self> {
        let lines = Self(Arc::default());
        let shared = Arc::clone(&lines.0);
        thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_all(output))?;
        Ok(lines)
    }

    /// Lines that were not written, because too many waited, or because they could not be.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until all are written, but not for long: nobody may be reading.
    fn flush(&self) {
        let is_busy = |queue: &mut Queue| queue.is_writing || queue.waiting.lines > 0;
        drop(self.0.rest.wait_timeout_while(self.0.queue(), PATIENCE, is_busy));
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, mut output: impl Write) {
        let mut batch = Batch::default();
        loop {
            batch = self.next(batch);
            let written = output.write_all(&batch.bytes).and_then(|()| output.flush());
            if written.is_err() {
                self.dropped.fetch_add(batch.lines, Ordering::Relaxed);
            }
        }
    }

    /// Waits for the batch after one that is done, whose memory is used again.
    fn next(&self, mut done: Batch) -> Batch {
        done.bytes.clear();
        done.lines = 0;
        let mut queue = self.queue();
        queue.is_writing = false;
        if queue.waiting.lines == 0 {
            self.rest.notify_all();
        }
        let waited = self.news.wait_while(queue, |queue| queue.waiting.lines == 0);
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
        queue.is_writing = true;
        mem::replace(&mut queue.waiting, done)
    }

    fn push(&self, line: &[u8]) {
        let mut queue = self.queue();
        let Batch { bytes, lines } = &mut queue.waiting;
        // One that alone is too long is written all the same.
        if *lines > 0 && bytes.len() + line.len() > ROOM {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        bytes.extend_from_slice(line);
        *lines += 1;
        drop(queue);
        self.news.notify_one();
    }
}

/// An event comes in one piece.
impl Write for &Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

/// Writes the last lines when it is dropped.
#[derive(Debug)]
pub(crate) struct LastLines(pub(super) Lines);

impl Drop for LastLines {
    fn drop(&mut self) {
        self.0.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind, Write};
    use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
    use std::sync::{Mutex, PoisonError};

    use super::{LastLines, Lines, ROOM};

    /// An output that tells what it is given, and takes it when it is let.
    struct Gate {
        given: Sender<String>,
        let_go: Receiver<io::Result<()>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // At the end of a test nobody hears of it, and nobody holds it up.
            let _ = self.given.send(String::from_utf8(bytes.to_vec()).unwrap());
            self.let_go.recv().unwrap_or(Ok(())).map(|()| bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (Lines, Receiver<String>, SyncSender<io::Result<()>>) {
        let ((given, heard), (gate, let_go)) = (channel(), sync_channel(16));
        (Lines::to(Gate { given, let_go }).unwrap(), heard, gate)
    }

    fn log(lines: &Lines, line: &str) {
        (&*lines).write_all(line.as_bytes()).unwrap();
    }

    #[test]
    fn what_comes_while_nothing_is_taken_waits_up_to_a_bound_and_is_then_dropped_and_counted() {
        let (lines, heard, gate) = gated();
        log(&lines, "first\n");
        assert_eq!(heard.recv().unwrap(), "first\n");
        let line = format!("{:1023}\n", "x");
        for _ in 0..ROOM / line.len() + 3 {
            log(&lines, &line);
        }
        assert_eq!(lines.dropped(), 3);
        gate.send(Ok(())).unwrap();
        assert_eq!(heard.recv().unwrap(), line.repeat(ROOM / line.len()));
        log(&lines, "next\n");
        gate.send(Ok(())).unwrap();
        assert_eq!(heard.recv().unwrap(), "next\n");
        assert_eq!(lines.dropped(), 3);
        gate.send(Ok(())).unwrap();
    }

    #[test]
    fn a_line_longer_than_all_the_room_is_written() {
        let (lines, heard, gate) = gated();
        let line = "x".repeat(ROOM + 1);
        log(&lines, &line);
        assert_eq!(heard.recv().unwrap(), line);
        gate.send(Ok(())).unwrap();
        assert_eq!(lines.dropped(), 0);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_what_follows_is_tried() {
        let (lines, heard, gate) = gated();
        log(&lines, "one\n");
        heard.recv().unwrap();
        gate.send(Err(ErrorKind::BrokenPipe.into())).unwrap();
        log(&lines, "two\n");
        assert_eq!(heard.recv().unwrap(), "two\n");
        assert_eq!(lines.dropped(), 1);
        gate.send(Ok(())).unwrap();
    }

    #[test]
    fn the_end_waits_for_the_last_lines() {
        static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
        struct Slow;
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                // Byte by byte, so that there is something to wait for.
                WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).push(bytes[0]);
                Ok(1)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::to(Slow).unwrap();
        let last = LastLines(lines.clone());
        for _ in 0..1000 {
            log(&lines, "line\n");
        }
        drop(last);
        assert_eq!(*WRITTEN.lock().unwrap(), "line\n".repeat(1000).as_bytes());
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let (lines, heard, _gate) = gated();
        log(&lines, "line\n");
        heard.recv().unwrap();
        drop(LastLines(lines));
    }
}
