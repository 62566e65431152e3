//! Why a source cannot be had: whose fault, where, and what to do.
//!
//! Owns [`SourceError`] and its sentences. Refuses secrets (no token, no header, no user info of a URL ever enters one)
//! and keeps a server's words apart as [`Foreign`], because a `Display` must be safe on a terminal.

use crate::model::{Foreign, ReasonCode};

/// Everything that can go wrong with a repository or a directory. `Display` holds only our own words;
/// [`SourceError::sentence`] adds the other side's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The server knows no such repository, or hides it from this account.
    #[error("{remote}: repository not found, or hidden from this account; check the url and the account's rights")]
    NotFound {
        /// The URL, without credentials.
        remote: String,
    },
    /// The server refuses who we are.
    #[error(
        "{remote}: the server refuses to sign us in ({status}) with {whose}; renew it or set token_env, token_file or ssh_key"
    )]
    Auth {
        /// The URL, without credentials.
        remote: String,
        /// `401 Unauthorized`, `403 Forbidden` or `ssh`.
        status: &'static str,
        /// Whose credentials were tried, in words: `token_env PLATFORM_TOKEN`.
        whose: String,
    },
    /// Credentials are named in the config but are not to be had.
    #[error("{remote}: no credentials: {what}")]
    NoCredentials {
        /// The URL, without credentials.
        remote: String,
        /// Which setting, and what is wrong with it; never the value.
        what: String,
    },
    /// No answer: name, route, connection or server failure.
    #[error("{remote}: the git server does not answer; the last commit is kept and asked for again")]
    Unreachable {
        /// The URL, without credentials.
        remote: String,
        /// The transport's words.
        why: Foreign,
    },
    /// The certificate cannot be trusted.
    #[error("{remote}: the server's certificate is not trusted; set ca_file to the authority's PEM")]
    Tls {
        /// The URL, without credentials.
        remote: String,
        /// The TLS library's words.
        why: Foreign,
    },
    /// No such branch, tag or commit.
    #[error("no branch, tag or commit {revision:?}; deleted, renamed, or never pushed")]
    RevisionNotFound {
        /// As the config or a caller wrote it.
        revision: String,
    },
    /// A revision that is no plain branch, tag or commit.
    #[error("{revision:?} is refused as a revision: {why}")]
    BadRevision {
        /// As written.
        revision: String,
        /// Which rule.
        why: &'static str,
    },
    /// A URL or path that is refused by rule.
    #[error("the url is refused: {why}")]
    BadUrl {
        /// Which rule.
        why: &'static str,
    },
    /// The path is in none of the commits asked about.
    #[error("no path {path:?} in commit {commit}")]
    PathNotFound {
        /// As asked.
        path: String,
        /// Seven characters.
        commit: String,
    },
    /// Nothing moved for too long.
    #[error("{remote}: given up after {seconds} s without an end; asked for again later")]
    TimedOut {
        /// The URL, without credentials.
        remote: String,
        /// How long was waited.
        seconds: u64,
    },
    /// Another process holds the mirror.
    #[error("the mirror of {remote} is being fetched by another process; asked for again later")]
    Locked {
        /// The URL, without credentials.
        remote: String,
    },
    /// Broken objects, an unreadable mirror or directory, a full disk.
    #[error("{place} cannot be read or written")]
    Broken {
        /// Whose: the mirror of a URL, or a directory.
        place: String,
        /// The library's or the disk's words.
        why: Foreign,
    },
    /// Larger than what we read.
    #[error("{what} is larger than the limit of {limit}")]
    TooLarge {
        /// What was being counted.
        what: &'static str,
        /// The budget.
        limit: u64,
    },
    /// The branch is no longer where the commit was built on; nothing was written.
    #[error("{branch} moved while the commit was made; nothing was pushed, look again")]
    PushMoved {
        /// The branch.
        branch: String,
    },
    /// The server declined the push: a hook, a protected branch. Nothing was written.
    #[error("the server refused the push; use a branch and a request if {branch} is protected")]
    PushRefused {
        /// The branch.
        branch: String,
        /// The server's sentence.
        said: Foreign,
    },
    /// A push needs the `git` program, and so does a repository in a path.
    #[error("no git program on PATH; install git: a push and a repository that is read from a path need it")]
    NoGitProgram,
}

impl SourceError {
    /// Our words, and the other side's after a colon.
    #[must_use]
    pub fn sentence(&self) -> Foreign {
        match self.said() {
            Some(said) if !said.raw().is_empty() => Foreign::new(format!("{self}: {}", said.raw())),
            _ => Foreign::new(self.to_string()),
        }
    }

    /// The other side's own words, where there are any.
    #[must_use]
    pub fn said(&self) -> Option<&Foreign> {
        match self {
            Self::Unreachable { why, .. } | Self::Tls { why, .. } | Self::Broken { why, .. } => Some(why),
            Self::PushRefused { said, .. } => Some(said),
            _ => None,
        }
    }

    /// Which of the closed list of causes this is.
    #[must_use]
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::NotFound { .. } => ReasonCode::GitNotFound,
            Self::Auth { .. } | Self::NoCredentials { .. } => ReasonCode::GitAuth,
            Self::RevisionNotFound { .. } | Self::BadRevision { .. } => ReasonCode::RevisionNotFound,
            Self::PathNotFound { .. } => ReasonCode::PathNotFound,
            Self::Unreachable { .. } | Self::Tls { .. } | Self::TimedOut { .. } | Self::Locked { .. } => {
                ReasonCode::GitUnreachable
            }
            Self::NoGitProgram => ReasonCode::NeedsProgram,
            _ => ReasonCode::Other,
        }
    }

    /// Whether what lies here is at fault: a mirror may be made anew.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }

    /// Whether asking again soon may help; signing in and missing things need hands first.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Locked { .. })
    }
}
