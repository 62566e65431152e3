//! A repository: its address, and how to sign in without a secret in the file.

use std::time::Duration;

use super::Ground;
use crate::config::address;
use crate::config::mistake::Wrong;
use crate::config::names;
use crate::config::page::Written;
use crate::config::written::RawRepo;
use crate::model::{Credentials, RepoName, RepoSpec};

impl Ground<'_> {
    /// Checks a repository; `None` where it has no usable name or address.
    pub(super) fn repo(&self, raw: &RawRepo, interval: Duration) -> Option<RepoSpec> {
        let name = self.need(raw.name.as_ref(), &raw.place, "name", "name the repository");
        let url = self.need(raw.url.as_ref(), &raw.place, "url", "write where it is cloned from");
        let interval = raw.interval.as_ref().and_then(|text| self.interval(text)).unwrap_or(interval);
        let credentials = self.credentials(raw);
        let named = name.and_then(|name| self.hold(name, names::thing(&name.value)));
        let addressed = url.and_then(|url| self.hold(url, address::repository(&url.value)));
        named.and(addressed)?;
        Some(RepoSpec { name: RepoName::new(name?.value.as_str()), url: url?.value.clone(), credentials, interval })
    }

    fn credentials(&self, raw: &RawRepo) -> Credentials {
        if let (Some(env), Some(_)) = (&raw.token_env, &raw.token_file) {
            self.refuse(env, "both token_env and token_file", "keep one of them");
        }
        let text = |text: Option<&Written<String>>, rule: fn(&str) -> Result<(), Wrong>| {
            let text = text?;
            self.hold(text, rule(&text.value)).map(|()| text.value.clone())
        };
        let file = |text: Option<&Written<String>>, key| text.and_then(|text| self.guarded_path(text, key));
        if let Some(proxy) = &raw.proxy
            && self.standing == crate::config::Standing::Local
        {
            self.refuse(proxy, "a local file may not set proxy", crate::config::trust::CURE);
        }
        Credentials {
            username: text(raw.username.as_ref(), username),
            token_env: text(raw.token_env.as_ref(), variable),
            token_file: file(raw.token_file.as_ref(), "token_file"),
            ssh_key: file(raw.ssh_key.as_ref(), "ssh_key"),
            known_hosts: file(raw.known_hosts.as_ref(), "known_hosts"),
            ca_file: file(raw.ca_file.as_ref(), "ca_file"),
            proxy: text(raw.proxy.as_ref(), address::proxy),
        }
    }
}

fn username(name: &str) -> Result<(), Wrong> {
    if name.is_empty()
        || name.starts_with('-')
        || name.contains(':')
        || name.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        return Err(Wrong::new(
            "empty, starts with a dash, or holds :, a space or a control character",
            "write the user name alone",
        ));
    }
    Ok(())
}

/// A name a shell can set; the likeliest mistake is the token itself, so the value is not repeated.
fn variable(name: &str) -> Result<(), Wrong> {
    let fits = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !fits || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Wrong::new(
            "not the name of an environment variable",
            "write the variable's name, not its value and not $NAME",
        ));
    }
    Ok(())
}
