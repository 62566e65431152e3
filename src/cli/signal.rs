//! The runtime of one command, and what a signal does to it: stop before the next object, finish what is out, leave.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::error::CliError;
use super::session;
use crate::engine::Handle;

/// How long a blocking call (a fetch, a render) may hold the process up after the command has ended.
const LEAVING: Duration = Duration::from_secs(1);

/// Exit codes by signal: 128 and its number.
const HANGUP: u8 = 129;
const INTERRUPT: u8 = 130;
const TERMINATE: u8 = 143;

/// The engines that run now, to be ended by a signal.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<Vec<Handle>>>);

impl Running {
    /// One more.
    pub fn add(&self, handle: Handle) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    fn take(&self) -> Vec<Handle> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends all of them, writes that are out first.
    async fn end(&self) {
        for handle in self.take() {
            session::end(handle).await;
        }
    }
}

/// Runs a command to its end, or to the first signal. A second signal does not wait for what is out.
///
/// # Errors
/// The command's own; a runtime that cannot be started.
pub fn block_on(command: impl Future<Output = Result<u8, CliError>>, running: &Running) -> Result<u8, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::failed(format!("cannot start: {}", error.kind())))?;
    let done = runtime.block_on(async {
        tokio::select! {
            // First: a signal that comes with the first word printed is already waited for.
            biased;
            code = caught() => {
                tokio::select! {
                    () = running.end() => {}
                    _ = caught() => {}
                }
                Ok(code)
            }
            done = command => done,
        }
    });
    runtime.shutdown_timeout(LEAVING);
    done
}

/// Waits for a signal that ends commands; gives its exit code.
pub async fn caught() -> u8 {
    tokio::select! {
        () = arrives(SignalKind::interrupt()) => INTERRUPT,
        () = arrives(SignalKind::terminate()) => TERMINATE,
        () = arrives(SignalKind::hangup()) => HANGUP,
    }
}

async fn arrives(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        // Without a handler the signal ends the process by itself.
        Err(_) => std::future::pending().await,
    }
}
