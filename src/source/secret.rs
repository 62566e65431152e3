//! Who we are to a git server (product.md, Credentials).
//!
//! Owns the order: the repository's own token, then `git credential fill`, kept in memory and dropped when refused.
//! Refuses prompts, and never lets a secret into `Debug`, an error or an argument list.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;

use super::remote::Remote;
use super::{SourceError, child};
use crate::model::Credentials;

/// How long a credential helper may think.
const HELPER_LIMIT: Duration = Duration::from_secs(10);

/// The largest token file read.
const TOKEN_BYTES: u64 = 64 * 1024;

/// A user name and its token.
#[derive(Clone)]
pub(super) struct Identity {
    pub username: String,
    pub password: String,
    /// Whose it is, for people: the setting's name, never the value.
    pub whose: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.whose)
    }
}

impl Identity {
    /// The value of an `Authorization` header (RFC 7617).
    pub fn basic(&self) -> String {
        let pair = format!("{}:{}", self.username, self.password);
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

/// The credentials of one repository.
#[derive(Clone, Debug)]
pub(super) struct Keyring {
    remote: Remote,
    settings: Credentials,
    filled: Arc<Mutex<Option<Identity>>>,
    /// Whose credentials were refused last, for the sentence about it.
    refused: Arc<Mutex<Option<String>>>,
}

impl Keyring {
    pub fn new(remote: Remote, settings: Credentials) -> Self {
        Self { remote, settings, filled: Arc::default(), refused: Arc::default() }
    }

    /// Whether the config names a token, so that no helper is asked.
    pub fn is_configured(&self) -> bool {
        self.settings.token_env.is_some() || self.settings.token_file.is_some()
    }

    /// What is known without asking a helper: the config's token, or what a helper said before.
    pub fn at_hand(&self) -> Result<Option<Identity>, SourceError> {
        if self.is_configured() { self.configured().map(Some) } else { Ok(self.lock().clone()) }
    }

    /// What the server shall get now that it has asked for someone: at hand, or from a helper.
    pub fn identity(&self) -> Result<Option<Identity>, SourceError> {
        if let Some(identity) = self.at_hand()? {
            return Ok(Some(identity));
        }
        let filled = self.fill();
        self.lock().clone_from(&filled);
        Ok(filled)
    }

    /// Forgets what the server refused, and tells the helper so.
    pub fn reject(&self) {
        let Some(identity) = self.lock().take() else { return };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(identity.whose.clone());
        let input = format!("{}username={}\npassword={}\n\n", self.describe(), identity.username, identity.password);
        let _ = helper("reject", &input);
    }

    /// Whose credentials are in play, for an error's sentence.
    pub fn whose(&self) -> String {
        match (&self.settings.token_env, &self.settings.token_file) {
            (Some(name), _) => format!("token_env {name}"),
            (None, Some(_)) => "token_file".to_owned(),
            (None, None) => self.whose_helper(),
        }
    }

    fn whose_helper(&self) -> String {
        if let Some(identity) = &*self.lock() {
            return identity.whose.clone();
        }
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.clone().unwrap_or_else(|| "no credentials (git credential fill has none)".to_owned())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Identity>> {
        self.filled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn configured(&self) -> Result<Identity, SourceError> {
        let missing = |what: String| SourceError::NoCredentials { remote: self.remote.url(), what };
        let (token, whose) = match (&self.settings.token_env, &self.settings.token_file) {
            (Some(name), _) => {
                let token = std::env::var(name).map_err(|_| missing(format!("the variable {name} is not set")))?;
                (token, format!("token_env {name}"))
            }
            (None, Some(file)) => {
                (read_token(file).map_err(|why| missing(format!("token_file: {why}")))?, "token_file".to_owned())
            }
            (None, None) => return Err(missing("none are set".to_owned())),
        };
        let token = token.trim();
        if token.is_empty() || token.chars().any(char::is_control) {
            return Err(missing(format!("{whose} is empty or more than one line")));
        }
        let username = self.settings.username.clone().unwrap_or_else(|| "git".to_owned());
        Ok(Identity { username, password: token.to_owned(), whose })
    }

    fn fill(&self) -> Option<Identity> {
        if !matches!(self.remote, Remote::Https { .. }) {
            return None;
        }
        let said = helper("fill", &format!("{}\n", self.describe()))?;
        let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let (username, password) = (value("username")?.to_owned(), value("password")?.to_owned());
        Some(Identity { username, password, whose: "git credential fill".to_owned() })
    }

    /// The description of `gitcredentials(7)`.
    fn describe(&self) -> String {
        let Remote::Https { authority, path, .. } = &self.remote else { return String::new() };
        let user = self.settings.username.as_ref().map_or_else(String::new, |name| format!("username={name}\n"));
        format!("protocol=https\nhost={authority}\npath={path}\n{user}")
    }
}

fn read_token(file: &std::path::Path) -> std::io::Result<String> {
    use std::io::Read as _;
    if !std::fs::metadata(file)?.is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let mut token = String::new();
    std::fs::File::open(file)?.take(TOKEN_BYTES).read_to_string(&mut token)?;
    Ok(token)
}

/// Asks git's credential helpers; whatever goes wrong means that they have nothing.
fn helper(verb: &str, input: &str) -> Option<String> {
    let mut command = Command::new(child::git_program()?);
    command.args(["credential", verb]);
    command.env("GIT_TERMINAL_PROMPT", "0").env("GCM_INTERACTIVE", "never").env("GIT_ASKPASS", "");
    command.env_remove("SSH_ASKPASS").current_dir(std::env::temp_dir());
    let ended = child::run(&mut command, input.as_bytes(), HELPER_LIMIT).ok()??;
    ended.status.success().then_some(ended.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_in_debug() {
        let identity = Identity { username: "u".into(), password: "hunter2".into(), whose: "token_file".into() };
        assert_eq!(format!("{identity:?}"), "Identity(token_file)");
    }

    #[test]
    fn a_token_file_is_read_and_trimmed() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("token");
        std::fs::write(&file, "s3cret\n").expect("a file");
        let settings = Credentials { token_file: Some(file.clone()), ..Credentials::default() };
        let remote = Remote::parse("https://git.example.com/a.git").expect("a url");
        let keyring = Keyring::new(remote.clone(), settings.clone());
        let identity = keyring.identity().expect("readable").expect("configured");
        assert_eq!((identity.username.as_str(), identity.password.as_str()), ("git", "s3cret"));
        std::fs::write(&file, "\n").expect("a file");
        let empty = Keyring::new(remote, settings).identity().expect_err("an empty token is no token");
        assert!(!empty.to_string().contains("s3cret"), "an error never repeats a secret");
    }
}
