//! Connections whose client takes nothing any longer.
//!
//! An answer that is ready waits in buffers until its client takes it, and the deadline of
//! its function is over by then. Without a limit of their own, clients that never take
//! anything could fill the memory of a small box with answers.

use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_io_timeout::TimeoutStream;

/// How long a client may take nothing of what is there for it.
pub(crate) const STALL_MAX: Duration = Duration::from_secs(60);

/// A connection that breaks when its client takes nothing for `STALL_MAX`. How long a client
/// may say nothing is not its business.
pub(crate) fn impatient<S: AsyncRead + AsyncWrite>(stream: S) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL_MAX));
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_let_go() {
        let (ours, mut client) = duplex(10);
        let mut ours = impatient(ours);
        let taken = tokio::spawn(async move {
            // Slow, but not too slow.
            for _ in 0..5 {
                sleep(STALL_MAX / 2).await;
                client.read_exact(&mut [0; 10]).await.expect("it is there");
            }
            client
        });
        ours.write_all(&[0; 60]).await.expect("all of it is taken or fits");
        let mut client = taken.await.expect("it ends");
        let error = ours.write_all(b"one too many").await.expect_err("nobody takes it");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        // Saying nothing is no offence.
        let silence = timeout(STALL_MAX * 9, ours.read_u8()).await;
        assert!(silence.is_err(), "{silence:?}");
        client.write_u8(7).await.expect("it is open");
        assert_eq!(ours.read_u8().await.expect("it was said"), 7);
    }
}
