//! The log: a file below the state directory, one a day and three kept, never the screen.

use std::path::Path;

use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

use super::error::CliError;

/// Log files that are kept.
const KEPT: usize = 3;

/// Keeps the log written; what is left goes out when it is dropped.
pub struct Log {
    _guard: Option<WorkerGuard>,
}

/// Starts the log. A state directory that cannot be written costs the log, never the command; a file that was named
/// must be writable.
///
/// # Errors
/// A usage error for `--log-file`.
pub fn start(state: &Path, file: Option<&Path>) -> Result<Log, CliError> {
    let opened = match file {
        Some(file) => Some(named(file)?),
        None => rolling(state),
    };
    let Some((writer, guard)) = opened else { return Ok(Log { _guard: None }) };
    let filter = EnvFilter::try_from_env("DRIFTDECK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Libraries log what they send and get, Secrets included: at no level does a word of theirs reach the file.
    let own = filter_fn(|metadata| metadata.target().starts_with("driftdeck"));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let subscriber = tracing_subscriber::registry().with(filter).with(own).with(lines);
    // Only a test that runs several commands in one process has one already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(Log { _guard: Some(guard) })
}

fn named(file: &Path) -> Result<(NonBlocking, WorkerGuard), CliError> {
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    let file = opened.map_err(|error| {
        CliError::usage(format!("--log-file {} cannot be written: {}", file.display(), error.kind()))
    })?;
    Ok(tracing_appender::non_blocking(file))
}

fn rolling(state: &Path) -> Option<(NonBlocking, WorkerGuard)> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state).ok()?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("driftdeck")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(state)
        .ok()?;
    Some(tracing_appender::non_blocking(appender))
}
