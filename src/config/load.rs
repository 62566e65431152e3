//! The file itself: what may be read as a config at all. The one place of the room that touches the disk for it.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::keep::Home;
use super::mistake::ConfigError;
use super::trust::Trust;
use super::{Config, Standing, parse};

/// Larger than a config of ten thousand apps.
const LIMIT: u64 = 8 << 20;

/// Reads the operator's own config.
///
/// # Errors
/// [`ConfigError`]: what is wrong with the file, or every mistake in it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = read(path)?;
    let config = parse(&text, path, &base(path)?, Standing::Own)?;
    Ok(Config { home: Some(Home::own(path, &text)), ..config })
}

/// Reads a `./driftdeck.toml`, which counts only as it was when it was trusted.
///
/// # Errors
/// [`ConfigError::Untrusted`], or as [`load`].
pub fn load_local(path: &Path, trust: &Trust) -> Result<Config, ConfigError> {
    let text = read(path)?;
    trust.admit(path, text.as_bytes())?;
    let config = parse(&text, path, &base(path)?, Standing::Local)?;
    Ok(Config { home: Some(Home::local(path, &text, trust)), ..config })
}

/// The text of a config: a regular file that nobody else may write, not too large, UTF-8.
///
/// # Errors
/// [`ConfigError`], the rule that the file breaks.
pub fn read(path: &Path) -> Result<String, ConfigError> {
    // Asked before opening: to open a FIFO would wait for its writer.
    check(path, &std::fs::metadata(path).map_err(|error| unreadable(path, &error))?)?;
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    check(path, &file.metadata().map_err(|error| unreadable(path, &error))?)?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
        return Err(ConfigError::TooLarge { file: path.to_owned(), limit: LIMIT });
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let lines = error.as_bytes()[..offset].split(|b| *b == b'\n').count();
        ConfigError::NotText { file: path.to_owned(), line: u32::try_from(lines).unwrap_or(u32::MAX), offset }
    })
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = || path.to_owned();
    if !metadata.is_file() {
        return Err(ConfigError::NotAFile { file: file() });
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(ConfigError::Writable { file: file(), mode });
    }
    if metadata.len() > LIMIT {
        return Err(ConfigError::TooLarge { file: file(), limit: LIMIT });
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    match error.kind() {
        std::io::ErrorKind::NotFound => ConfigError::NotFound { file: path.to_owned() },
        kind => ConfigError::Unreadable { file: path.to_owned(), kind },
    }
}

/// Where relative paths of the file stand from.
pub(super) fn base(path: &Path) -> Result<PathBuf, ConfigError> {
    let absolute = std::path::absolute(path).map_err(|error| unreadable(path, &error))?;
    Ok(absolute.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned))
}
