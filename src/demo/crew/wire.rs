//! A long way to a cluster: what is written there, and the look that precedes it, takes its time on the demo's clock.
//!
//! Owns the delay, so that a run can be seen while it goes. Refuses to touch what passes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::Clock;
use crate::sandbox::{Body, Service, Unreachable};

/// How long such a request is on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(600);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A service at the end of a long way.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) service: Service,
    pub(super) clock: Clock,
    pub(super) stop: CancellationToken,
    /// Requests that are on their way now.
    pub(super) underway: watch::Sender<usize>,
}

impl Wire {
    /// Waits as long as the way is; `false` when everything ends meanwhile.
    async fn travels(&self) -> bool {
        let _underway = Underway::begin(&self.underway);
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = pass(self.clock.clone()) => true,
        }
    }
}

/// Counts a request as long as it is on its way: a client may give it up.
struct Underway<'w>(&'w watch::Sender<usize>);

impl<'w> Underway<'w> {
    fn begin(all: &'w watch::Sender<usize>) -> Self {
        all.send_modify(|count| *count += 1);
        Self(all)
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn pass(clock: Clock) {
    match clock {
        Clock::Real { .. } => tokio::time::sleep(ON_ITS_WAY).await,
        Clock::Held(mut now) => {
            let due = now.borrow().since_start + ON_ITS_WAY;
            // Whose time nobody holds any more waits for nothing.
            let _ = now.wait_for(|now| now.since_start >= due).await;
        }
    }
}

/// Writes, and a look at an app's record. Leases are not: what they tell is that somebody lives.
fn takes_time(method: &Method, path: &str) -> bool {
    let writes = *method != Method::GET && !path.contains("/leases");
    writes || path.contains("/configmaps/driftdeck.")
}

impl<B> tower_service::Service<Request<B>> for Wire
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Unreachable>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unreachable>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut wire = self.clone();
        Box::pin(async move {
            if takes_time(request.method(), request.uri().path()) && !wire.travels().await {
                return Err(Unreachable);
            }
            wire.service.call(request).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_records_take_time_and_nothing_else_does() {
        for (method, path, takes) in [
            (Method::PATCH, "/api/v1/namespaces/shop/configmaps/cart-config", true),
            (Method::GET, "/api/v1/namespaces/shop/configmaps/driftdeck.cart", true),
            (Method::GET, "/api/v1/namespaces/shop/configmaps", false),
            (Method::GET, "/openapi/v3", false),
            (Method::PUT, "/apis/coordination.k8s.io/v1/namespaces/shop/leases/driftdeck-agent", false),
        ] {
            assert_eq!(takes_time(&method, path), takes, "{method} {path}");
        }
    }
}
