//! Which addresses a repository may have: https, ssh (also `user@host:path`), and files where the operator wrote them.
//!
//! Everything else is refused by not being listed: `http`, `git`, remote helpers (`ext::`), options dressed as hosts.
//! An address is never repeated in a message, because it may hold a token.

use super::mistake::Wrong;

const FORMS: &str = "write https://host/path, ssh://user@host/path, user@host:path, file:///path or an absolute path";
const LONGEST: usize = 2_048;

fn refuse<T>(what: &str, cure: &str) -> Result<T, Wrong> {
    Err(Wrong::new(what, cure))
}

/// Checks the URL of a repository.
pub(super) fn repository(url: &str) -> Result<(), Wrong> {
    if url.split('/').next().is_some_and(|head| head.contains("::") && !head.contains('[')) {
        return refuse("remote helpers such as ext:: are refused", FORMS);
    }
    plain(url)?;
    if let Some((scheme, rest)) = url.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "https" => https(rest),
            "ssh" => ssh(rest),
            "file" => file(rest),
            "http" => refuse("http is refused: it shows credentials and content to the network", "write https://"),
            "git" => refuse("git:// is refused: nothing proves who answers", "write https:// or ssh://"),
            _ => refuse("this scheme is refused", FORMS),
        };
    }
    if url.starts_with('/') {
        return local(url);
    }
    match url.split_once(':') {
        Some((authority, path)) if !authority.contains('/') => scp(authority, path),
        _ => refuse("not an address git can ask", FORMS),
    }
}

/// Checks the URL of a proxy.
pub(super) fn proxy(url: &str) -> Result<(), Wrong> {
    const CURE: &str = "write http://host:port, https://host:port or socks5://host:port";
    plain(url)?;
    let rest = ["http://", "https://", "socks5://", "socks5h://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest else { return refuse("not a proxy address", CURE) };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return refuse("credentials in the address", "leave user and password out");
    }
    if authority.contains('/') {
        return refuse("a proxy address has no path", CURE);
    }
    host_and_port(authority)
}

fn plain(url: &str) -> Result<(), Wrong> {
    if url.is_empty() || url.len() > LONGEST {
        return refuse("empty, or longer than 2048 characters", FORMS);
    }
    if url.starts_with('-') {
        return refuse("starts with a dash, which programs take for an option", FORMS);
    }
    if url.contains('\\') {
        return refuse("holds a backslash", "write / between the parts of a path");
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        return refuse("holds a space, a control or an invisible character", FORMS);
    }
    Ok(())
}

/// Invisible characters hide what an address is.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn https(rest: &str) -> Result<(), Wrong> {
    let (authority, path) = split_path(rest);
    if authority.contains('@') {
        return refuse("credentials in the address", "leave them out and set token_env, token_file or username");
    }
    if path.contains(['?', '#']) {
        return refuse("a query or fragment in the address", "leave out everything from ? or # on");
    }
    host_and_port(authority)?;
    below_host(path)
}

fn ssh(rest: &str) -> Result<(), Wrong> {
    let (authority, path) = split_path(rest);
    host_and_port(user(authority)?)?;
    below_host(path)
}

/// `user@host:path`.
fn scp(authority: &str, path: &str) -> Result<(), Wrong> {
    let host = user(authority)?;
    if host.len() == 1 {
        return refuse("a drive letter, or a host of one letter", FORMS);
    }
    is_host(host)?;
    below_host(path)
}

fn file(rest: &str) -> Result<(), Wrong> {
    if rest.starts_with('/') {
        local(rest)
    } else {
        refuse("file:// with a host", "write file:/// and an absolute path")
    }
}

fn local(path: &str) -> Result<(), Wrong> {
    if path.split('/').any(|part| part == "..") {
        return refuse("`..` in the path", "write the path without it");
    }
    Ok(())
}

fn split_path(rest: &str) -> (&str, &str) {
    rest.find('/').map_or((rest, ""), |at| rest.split_at(at))
}

/// The host behind an optional user.
fn user(authority: &str) -> Result<&str, Wrong> {
    let Some((user, host)) = authority.rsplit_once('@') else { return Ok(authority) };
    if user.contains([':', '@']) {
        return refuse("a password in the address", "leave it out; ssh uses the agent or ssh_key");
    }
    if user.starts_with('-') {
        return refuse("a user that starts with a dash, which ssh takes for an option", FORMS);
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+');
    if user.is_empty() || !user.bytes().all(fits) {
        return refuse("a user that is empty or has other characters than letters, digits, - _ . +", FORMS);
    }
    Ok(host)
}

fn host_and_port(authority: &str) -> Result<(), Wrong> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_ok_and(|p| p == 0) || port.parse::<u16>().is_err()) {
        return refuse("a port that is not a number from 1 to 65535", "write host:port, or leave the port out");
    }
    is_host(host)
}

fn is_host(host: &str) -> Result<(), Wrong> {
    if host.is_empty() {
        return refuse("no host", FORMS);
    }
    if host.starts_with('-') {
        return refuse("a host that starts with a dash, which ssh takes for an option", FORMS);
    }
    let address = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    let fits = match address {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    };
    if fits { Ok(()) } else { refuse("a host with other characters than letters, digits, - . _", FORMS) }
}

fn below_host(path: &str) -> Result<(), Wrong> {
    let path = path.trim_start_matches('/');
    if path.is_empty() {
        return refuse("no path after the host", FORMS);
    }
    if path.starts_with('-') {
        return refuse("a path that starts with a dash, which git takes for an option", FORMS);
    }
    if path.contains('@') && path.contains(':') || path.starts_with('@') {
        return refuse("@ in the path", FORMS);
    }
    local(path)
}
