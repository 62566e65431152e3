//! How a remote is reached: TLS, proxy, redirects, ssh, and what a failure of theirs means.
//!
//! Owns the options of every connection. Refuses redirects (credentials would follow them), cleartext, prompts, and
//! gix's ambient configuration (faults.md T1, T5, trap 11).

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gix::credentials::helper::Action;
use gix::credentials::protocol::Outcome;
use gix::protocol::transport::client::blocking_io::http;

use super::secret::Keyring;
use super::{Inner, SourceError};
use crate::model::{Credentials, Foreign};

/// How long one answer, or one read of it, may take.
pub(super) const STEP_LIMIT: Duration = Duration::from_mins(1);

/// How long a connection, TLS included, may take to stand.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

/// Options for opening our own mirrors: nothing of the user's or the system's configuration is read.
pub(super) fn open_options(settings: &Credentials) -> gix::open::Options {
    let mut overrides = vec![
        "protocol.allow=never".to_owned(),
        "protocol.https.allow=always".to_owned(),
        "protocol.ssh.allow=always".to_owned(),
        "protocol.file.allow=always".to_owned(),
        "protocol.version=2".to_owned(),
        "gitoxide.objects.allocLimit=1073741824".to_owned(),
        "gitoxide.objects.noReplace=true".to_owned(),
        "core.logAllRefUpdates=false".to_owned(),
        "user.name=driftdeck".to_owned(),
        "user.email=driftdeck@localhost".to_owned(),
        "ssh.variant=ssh".to_owned(),
    ];
    overrides.push(format!("core.sshCommand={}", ssh_command(settings)));
    gix::open::Options::isolated().config_overrides(overrides).open_path_as_is(true)
}

/// `ssh` that never asks. A shell reads it, so paths are quoted.
pub(super) fn ssh_command(settings: &Credentials) -> String {
    let mut command = "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=20".to_owned();
    if let Some(hosts) = &settings.known_hosts {
        command.push_str(" -oUserKnownHostsFile=");
        command.push_str(&quoted(hosts));
    }
    if let Some(key) = &settings.ssh_key {
        command.push_str(" -oIdentitiesOnly=yes -i ");
        command.push_str(&quoted(key));
    }
    command
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "'\\''"))
}

/// Options of the https transport.
pub(super) fn http_options(settings: &Credentials) -> Box<dyn Any> {
    // reqwest is built without a default provider; the first caller of the process decides.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (ca, proxy) = (settings.ca_file.clone(), settings.proxy.clone());
    let configure = move |builder: reqwest::blocking::ClientBuilder| client(builder, ca.as_ref(), proxy.as_deref());
    let backend = http::reqwest::Options { configure_request: None, configure_client: Some(Box::new(configure)) };
    let options = http::Options {
        follow_redirects: http::options::FollowRedirects::None,
        user_agent: Some(concat!("git/driftdeck-", env!("CARGO_PKG_VERSION")).to_owned()),
        backend: Some(Arc::new(Mutex::new(backend))),
        ..http::Options::default()
    };
    Box::new(options)
}

fn client(
    builder: reqwest::blocking::ClientBuilder,
    ca: Option<&PathBuf>,
    proxy: Option<&str>,
) -> gix::Result<reqwest::blocking::ClientBuilder> {
    // The limit counts for the head of an answer and for each read of its body, not for the whole.
    let mut builder = builder.timeout(STEP_LIMIT).connect_timeout(CONNECT_LIMIT).https_only(true);
    if let Some(ca) = ca {
        let pem = std::fs::read(ca).map_err(|why| gix::Error::from_error(Ca(why.to_string())))?;
        let certificates =
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|why| gix::Error::from_error(Ca(why.to_string())))?;
        for certificate in certificates {
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some(proxy) = proxy {
        let proxy = reqwest::Proxy::all(proxy).map_err(gix::Error::from_error)?;
        builder = builder.proxy(proxy);
    }
    Ok(builder)
}

#[derive(Debug, thiserror::Error)]
#[error("ca_file cannot be used as a certificate: {0}")]
struct Ca(String);

/// Answers gix's questions for credentials.
pub(super) fn answer(keyring: &Keyring, action: Action) -> Option<Outcome> {
    match action {
        Action::Get(context) => {
            let identity = keyring.identity().ok()??;
            let account = gix::sec::identity::Account {
                username: identity.username,
                password: identity.password,
                oauth_refresh_token: None,
            };
            Some(Outcome { identity: account, next: context.into() })
        }
        Action::Erase(_) => {
            keyring.reject();
            None
        }
        Action::Store(_) => None,
    }
}

/// What a failed transfer means.
pub(super) fn explain(inner: &Inner, error: &gix::Error) -> SourceError {
    let words: Vec<String> = error.iter_errors().map(ToString::to_string).collect();
    let cause = error.probable_cause().to_string();
    let all = words.join("; ");
    if error.is_unauthenticated() || all.contains("HTTP status 401") || all.contains("credentials") {
        return auth(inner, "401 Unauthorized");
    }
    if error.is_corrupted() {
        return super::broken(&inner.place(), &cause);
    }
    if error.is_cancelled() {
        return SourceError::TimedOut { remote: inner.shown(), seconds: STEP_LIMIT.as_secs() };
    }
    let is_missing = error.is_not_found() && matches!(inner.remote, super::remote::Remote::File { .. });
    if is_missing && super::child::git_program().is_none() {
        return SourceError::NoGitProgram;
    }
    if is_missing {
        return SourceError::NotFound { remote: inner.shown() };
    }
    classify(inner, &all, cause)
}

/// Reads the words that gix, git and ssh use.
pub(super) fn classify(inner: &Inner, all: &str, cause: String) -> SourceError {
    let remote = inner.shown();
    let says = |words: &[&str]| {
        let all = all.to_ascii_lowercase();
        words.iter().any(|word| all.contains(word))
    };
    if says(&[
        "http status 401",
        "authentication failed",
        "error: 401",
        "could not read username",
        "could not read password",
    ]) {
        return auth(inner, "401 Unauthorized");
    }
    if says(&["http status 403", "error: 403"]) {
        return auth(inner, "403 Forbidden");
    }
    if says(&["permission denied (", "publickey"]) {
        return auth(inner, "ssh");
    }
    if says(&["host key verification failed"]) {
        return SourceError::NoCredentials { remote, what: "the host's key is not in known_hosts".to_owned() };
    }
    if says(&[
        "http status 404",
        "error: 404",
        "repository not found",
        "does not appear to be a git repository",
        "' not found",
    ]) {
        return SourceError::NotFound { remote };
    }
    if says(&["certificate", "unknownissuer", "ssl", "tls"]) {
        return SourceError::Tls { remote, why: Foreign::new(tls_words(all, cause)) };
    }
    if says(&["timed out", "timeout"]) {
        let limit = if says(&["(connect)"]) { CONNECT_LIMIT } else { STEP_LIMIT };
        return SourceError::TimedOut { remote, seconds: limit.as_secs() };
    }
    SourceError::Unreachable { remote, why: Foreign::new(cause) }
}

fn tls_words(all: &str, cause: String) -> String {
    all.split("; ").find(|word| word.contains("certificate")).map_or(cause, str::to_owned)
}

/// The server refused us: whose credentials were they? A setting that cannot be read is the better answer.
pub(super) fn auth(inner: &Inner, status: &'static str) -> SourceError {
    if let Err(why) = inner.keyring.at_hand() {
        return why;
    }
    let whose = match (&inner.remote, &inner.settings.ssh_key) {
        (super::remote::Remote::Ssh { .. }, Some(_)) => "ssh_key".to_owned(),
        (super::remote::Remote::Ssh { .. }, None) => "the ssh agent's keys".to_owned(),
        _ => inner.keyring.whose(),
    };
    if status.starts_with("401") {
        inner.keyring.reject();
    }
    SourceError::Auth { remote: inner.shown(), status, whose }
}
