//! Room in a lane, made sure of before anything is put in: an answer that goes into several flows
//! is to go into none where one of them refuses it.

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use swell_api::flow::Full;

use crate::flow::end::PutError;
use crate::flow::lane::{Lane, until};

impl Lane {
    /// Whether an item of `length` bytes would be taken, once there is room where it would wait for
    /// some. Others may take that room before it is put in.
    pub(crate) async fn would_take(
        &self,
        length: usize,
        deadline: Option<Instant>,
        stop: &CancellationToken,
        stir: &Notify,
    ) -> Result<(), PutError> {
        if matches!(self.full, Full::DropNewest | Full::DropOldest) {
            return Ok(());
        }
        let _waiting = self.meter.wait_begins();
        let _turn = tokio::select! {
            turn = self.turn.lock() => turn,
            () = stop.cancelled() => return Err(PutError::Closed),
            () = until(deadline) => return Err(self.refused()),
        };
        loop {
            let room = self.room.notified();
            let has_room = self.end.lock().has_room(length, self.full, self.ack)?;
            if has_room {
                return Ok(());
            }
            if self.full == Full::Reject {
                return Err(self.refused());
            }
            self.meter.stirred();
            stir.notify_one();
            let _waits = self.short.wait();
            tokio::select! {
                () = room => {}
                () = stop.cancelled() => return Err(PutError::Closed),
                () = until(deadline) => return Err(self.refused()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::flow::alone::flow_alone;
    use crate::flow::news::News;

    #[tokio::test]
    async fn what_would_be_taken_is_not_put_in() {
        let news = News::default();
        let (line, _folder) = flow_alone(&news, 7, 0);
        let (lane, stop) = (&line.lanes[0], CancellationToken::new());
        let mut context = Context::from_waker(Waker::noop());
        let would_take = || lane.would_take(32, None, &stop, &line.stir);
        assert!(matches!(pin!(would_take()).poll(&mut context), Poll::Ready(Ok(()))));
        assert_eq!(line.meter.depth(), 0);
        {
            let items = vec![vec![1; 32]; 100_000];
            let mut put = pin!(lane.put_unkept(&items, &stop, &line.stir));
            assert!(put.as_mut().poll(&mut context).is_pending(), "it fills up");
        }
        let depth = line.meter.depth();
        let mut waits = pin!(would_take());
        assert!(waits.as_mut().poll(&mut context).is_pending(), "there is no room");
        lane.close();
        let told = waits.as_mut().poll(&mut context);
        assert!(matches!(told, Poll::Ready(Err(PutError::Closed))), "{told:?}");
        assert_eq!(line.meter.depth(), depth);
    }
}
