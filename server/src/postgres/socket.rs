//! A client's socket, in blocking mode: its connection's thread reads and writes it and sleeps in the operating system meanwhile, so
//! that a message wakes that thread and nobody else. Others end its waits, and see without reading whether the client has gone.
//!
//! Never used on an async thread, and never interprets a byte.

use crate::limits::{DRAIN_BYTES_MAX, WRITE_CHECK_INTERVAL_MS};
use crate::registry::Serving;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A connected stream socket, of the network or of this machine.
#[derive(Debug)]
pub(crate) struct Socket {
    descriptor: OwnedFd,
    is_stopped: AtomicBool,
    is_abandoned: AtomicBool,
}

impl Socket {
    /// Takes over a connected socket.
    ///
    /// # Errors
    /// It cannot be set up.
    pub(crate) fn new(descriptor: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&descriptor, false)?;
        let interval = Duration::from_millis(WRITE_CHECK_INTERVAL_MS);
        set_socket_timeout(&descriptor, Timeout::Send, Some(interval))?;
        Ok(Socket {
            descriptor,
            is_stopped: AtomicBool::new(false),
            is_abandoned: AtomicBool::new(false),
        })
    }

    /// Waits for bytes, and takes as many as have come and have room; 0 at the end, or when the socket is stopped.
    pub(crate) fn read(&self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            match recv(&self.descriptor, &mut *room, RecvFlags::empty()) {
                Err(Errno::INTR) => {}
                read => return Ok(read?.0),
            }
        }
    }

    /// As `read`, without sleeping: as long as it is worthwhile, and not beyond a time. `None`: nothing has come.
    pub(crate) fn read_awake(
        &self,
        room: &mut [u8],
        deadline: Instant,
        is_worthwhile: impl Fn() -> bool,
    ) -> io::Result<Option<usize>> {
        while is_worthwhile() && Instant::now() < deadline {
            match recv(&self.descriptor, &mut *room, RecvFlags::DONTWAIT) {
                Err(Errno::INTR | Errno::AGAIN) => std::hint::spin_loop(),
                read => return Ok(Some(read?.0)),
            }
        }
        Ok(None)
    }

    /// As `read`, until a time.
    ///
    /// # Errors
    /// `TimedOut`: nothing came.
    pub(crate) fn read_until(&self, deadline: Instant, room: &mut [u8]) -> io::Result<usize> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        set_socket_timeout(&self.descriptor, Timeout::Recv, Some(left))?;
        let read = self.read(room);
        set_socket_timeout(&self.descriptor, Timeout::Recv, None)?;
        read.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }

    /// Writes some bytes, waiting for the client to make room for a while.
    ///
    /// # Errors
    /// `WouldBlock`: it has not; whoever thinks it worthwhile tries again. `ConnectionAborted`: nobody is to wait for it any more.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match send(&self.descriptor, bytes, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if self.is_abandoned.load(Ordering::Acquire) => {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                written => return Ok(written?),
            }
        }
    }

    /// Whether somebody wants the connection to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Tells the client that nothing more comes, and takes what it has still sent: a socket that is closed with bytes in it makes the
    /// client lose the last message.
    pub(crate) fn finish(&self) {
        if shutdown(&self.descriptor, Shutdown::Write).is_err() {
            return;
        }
        let mut room = [0; 8 << 10];
        let mut drained = 0;
        while drained < DRAIN_BYTES_MAX
            && let Ok((count @ 1.., _)) = recv(&self.descriptor, &mut room, RecvFlags::DONTWAIT)
        {
            drained += count;
        }
    }
}

impl Serving for Socket {
    fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
        // Ends a read. One whose client has gone is not connected any more, and its read has ended.
        let _ = shutdown(&self.descriptor, Shutdown::Read);
    }

    fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
    }

    fn client_has_gone(&self) -> bool {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut looked_at = [PollFd::new(&self.descriptor, PollFlags::RDHUP)];
        let is_known = poll(&mut looked_at, Some(&at_once)).is_ok_and(|count| count > 0);
        let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        // A socket that is stopped looks as if its client had gone.
        is_known && looked_at[0].revents().intersects(gone) && !self.is_stopped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    fn pair() -> (UnixStream, Arc<Socket>) {
        let (client, served) = UnixStream::pair().unwrap();
        (client, Arc::new(Socket::new(served.into()).unwrap()))
    }

    #[test]
    fn a_read_waits_and_a_stop_ends_it() {
        let (mut client, socket) = pair();
        client.write_all(b"abc").unwrap();
        assert_eq!(socket.read(&mut [0; 8]).unwrap(), 3);
        let stopper = Arc::clone(&socket);
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            stopper.stop();
        });
        assert_eq!(socket.read(&mut [0; 8]).unwrap(), 0);
        assert!(socket.is_stopped() && !socket.client_has_gone());
        thread.join().unwrap();
    }

    #[test]
    fn a_read_that_stays_awake_gives_up() {
        let (mut client, socket) = pair();
        let late = Instant::now() + Duration::from_secs(60);
        assert_eq!(socket.read_awake(&mut [0; 8], Instant::now(), || true).unwrap(), None);
        assert_eq!(socket.read_awake(&mut [0; 8], late, || false).unwrap(), None);
        client.write_all(b"abc").unwrap();
        assert_eq!(socket.read_awake(&mut [0; 8], late, || true).unwrap(), Some(3));
        drop(client);
        assert_eq!(socket.read_awake(&mut [0; 8], late, || true).unwrap(), Some(0));
    }

    #[test]
    fn a_read_has_a_deadline() {
        let (_client, socket) = pair();
        let deadline = Instant::now() + Duration::from_millis(5);
        let error = socket.read_until(deadline, &mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(Instant::now() >= deadline);
    }

    #[test]
    fn a_client_that_has_gone_is_seen_behind_what_it_sent() {
        let (mut client, socket) = pair();
        client.write_all(b"abc").unwrap();
        assert!(!socket.client_has_gone());
        drop(client);
        assert!(socket.client_has_gone());
        assert_eq!(socket.read(&mut [0; 8]).unwrap(), 3);
    }

    #[test]
    fn a_write_waits_for_a_slow_client_until_it_is_abandoned() {
        let (_client, socket) = pair();
        let full = loop {
            match socket.write(&[0; 64 << 10]) {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
        socket.abandon();
        assert_eq!(
            socket.write(b"abc").unwrap_err().kind(),
            io::ErrorKind::ConnectionAborted
        );
    }

    #[test]
    fn the_last_message_reaches_a_client_that_still_sends() {
        let (mut client, socket) = pair();
        client.write_all(b"never read").unwrap();
        assert_eq!(socket.write(b"good-bye").unwrap(), 8);
        socket.finish();
        drop(socket);
        let mut last = String::new();
        client.read_to_string(&mut last).unwrap();
        assert_eq!(last, "good-bye");
    }
}
