//! Where a repository is: the URL, checked again where it is used (faults.md T1, hostile config 1-10).
//!
//! Owns the list of schemes and the spelling shown to people. Refuses helpers (`ext::`), cleartext, embedded secrets,
//! and anything that a program could take for an option.

use std::path::PathBuf;

use super::SourceError;

/// A checked place of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remote {
    /// `https://host[:port]/path`.
    Https {
        /// The URL as handed to the transport.
        url: String,
        /// Host and port, as `git credential` wants them.
        authority: String,
        /// Path without the leading slash.
        path: String,
    },
    /// `ssh://…` or `user@host:path`.
    Ssh {
        /// The URL as handed to the transport.
        url: String,
    },
    /// A repository on this machine.
    File {
        /// Absolute.
        path: PathBuf,
    },
}

impl Remote {
    /// Takes a URL apart, or says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if text.is_empty() {
            return refuse("it is empty");
        }
        if text.starts_with('-') {
            return refuse("it begins with a dash");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return refuse("it holds a blank, a control character or a backslash");
        }
        if text.contains("%0") || text.contains("%1") {
            return refuse("it holds an encoded control character");
        }
        match text.split_once("://") {
            Some(("https", rest)) => https(text, rest),
            Some(("ssh" | "git+ssh" | "ssh+git", rest)) => ssh(text, rest),
            Some(("file", rest)) => file(rest),
            Some(("http" | "git", _)) => refuse("it is cleartext; use https or ssh"),
            Some(_) => refuse("only https, ssh and file are spoken"),
            None if text.starts_with('/') => file(text),
            None if text.contains("::") => refuse("remote helpers are not run"),
            None => scp(text),
        }
    }

    /// What the transports take.
    pub fn url(&self) -> String {
        match self {
            Self::Https { url, .. } | Self::Ssh { url } => url.clone(),
            Self::File { path } => path.to_string_lossy().into_owned(),
        }
    }
}

fn refuse<T>(why: &'static str) -> Result<T, SourceError> {
    Err(SourceError::BadUrl { why })
}

fn https(url: &str, rest: &str) -> Result<Remote, SourceError> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return refuse("it holds a user or a token; use username, token_env or token_file");
    }
    check_host(authority)?;
    if path.is_empty() {
        return refuse("it names no repository on the host");
    }
    if path.contains(['?', '#']) {
        return refuse("it holds a query or a fragment");
    }
    Ok(Remote::Https { url: url.to_owned(), authority: authority.to_owned(), path: path.to_owned() })
}

fn ssh(url: &str, rest: &str) -> Result<Remote, SourceError> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match authority.split_once('@') {
        Some((user, host)) => check_user(user).map(|()| host)?,
        None => authority,
    };
    check_host(host)?;
    check_ssh_path(path)?;
    Ok(Remote::Ssh { url: url.to_owned() })
}

fn scp(text: &str) -> Result<Remote, SourceError> {
    let Some((place, path)) = text.split_once(':') else {
        return refuse("it is neither a url nor an absolute path");
    };
    let host = match place.split_once('@') {
        Some((user, host)) => check_user(user).map(|()| host)?,
        None => place,
    };
    check_host(host)?;
    check_ssh_path(path)?;
    Ok(Remote::Ssh { url: text.to_owned() })
}

fn check_host(host: &str) -> Result<(), SourceError> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.is_empty() {
        return refuse("it names no host");
    }
    if host.starts_with('-') || host.contains(['@', '%', '$', '`', ';', '|', '&', '\'', '"']) {
        return refuse("its host is no host name");
    }
    Ok(())
}

fn check_user(user: &str) -> Result<(), SourceError> {
    if user.contains(':') {
        return refuse("it holds a password");
    }
    if user.is_empty() || user.starts_with('-') {
        return refuse("its user is empty or begins with a dash");
    }
    Ok(())
}

fn check_ssh_path(path: &str) -> Result<(), SourceError> {
    if path.is_empty() || path.starts_with('-') {
        return refuse("its path is empty or begins with a dash");
    }
    Ok(())
}

fn file(path: &str) -> Result<Remote, SourceError> {
    let path = PathBuf::from(path);
    if !path.is_absolute() {
        return refuse("a file url needs an absolute path");
    }
    Ok(Remote::File { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_places_are_taken() {
        for url in [
            "https://git.example.com/platform.git",
            "https://git.example.com:8443/a/b.git",
            "ssh://git@git.example.com:2222/a/b.git",
            "git@git.example.com:a/b.git",
            "file:///srv/git/a.git",
            "/srv/git/a.git",
        ] {
            assert!(Remote::parse(url).is_ok(), "{url} is an ordinary place of a repository");
        }
    }

    #[test]
    fn options_helpers_cleartext_and_secrets_are_refused() {
        for url in [
            "",
            "-oProxyCommand=x",
            "ssh://-oProxyCommand=x/path",
            "ssh://-x@host/path",
            "git@-oProxyCommand=x:path",
            "git@host:-path",
            "ext::sh -c touch% /tmp/x",
            "ext::sh",
            "foo://host/x",
            "http://host/x.git",
            "git://host/x.git",
            "https://user:token@host/x.git",
            "https://token@host/x.git",
            "https:///x.git",
            "https://host",
            "https://host%0a.example.com/x",
            "https://host\\x/y",
            "file://relative",
            "ssh://user:pw@host/x",
            "relative/path",
        ] {
            assert!(matches!(Remote::parse(url), Err(SourceError::BadUrl { .. })), "{url:?} must be refused by rule");
        }
    }
}
