//! Where the door is: what `--serve` takes, and why a port is not to be had. Refuses to look a name up.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ServeError;

/// Where the door is. By default a free port of loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub(super) SocketAddr);

impl Default for Address {
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}

impl std::str::FromStr for Address {
    type Err = ServeError;

    /// `IP:PORT`, `IP`, `:PORT` or `PORT`; what is left out is loopback, and a free port.
    fn from_str(text: &str) -> Result<Self, ServeError> {
        let port = text.strip_prefix(':').unwrap_or(text);
        let read = port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let read = read.ok().or_else(|| text.parse().ok());
        let read = read.or_else(|| text.parse::<IpAddr>().ok().map(|ip| SocketAddr::from((ip, 0))));
        read.map(Self).ok_or_else(|| ServeError::Address(text.to_owned()))
    }
}

/// How this machine reaches a listener: one on all addresses by loopback.
pub(super) fn reached(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// What must be known about a listener that others than this machine reach.
pub(super) fn warning(address: SocketAddr) -> Option<String> {
    let outside = !address.ip().to_canonical().is_loopback();
    outside.then(|| format!("{address} is open to other machines; its tokens alone keep them out"))
}

/// Why a port is not to be had, and what to do.
pub(super) fn trouble(kind: ErrorKind, address: SocketAddr) -> String {
    let port = address.port();
    match kind {
        ErrorKind::AddrInUse => {
            format!("another program has port {port} (lsof -i :{port} says which); without a port a free one is taken")
        }
        ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        ErrorKind::PermissionDenied => "this user may not; ports from 1024 on are for everybody".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_what_is_loopback_and_a_free_port() {
        let table = [
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            (":8443", "127.0.0.1:8443"),
            ("8443", "127.0.0.1:8443"),
            ("127.0.0.1", "127.0.0.1:0"),
            ("[::1]:9", "[::1]:9"),
            ("::1", "[::1]:0"),
            ("0.0.0.0:1", "0.0.0.0:1"),
        ];
        for (text, wanted) in table {
            let read: Address = text.parse().expect("an address");
            assert_eq!(read.0.to_string(), wanted, "{text}");
        }
        assert!(Address::default().0.ip().is_loopback(), "nothing but loopback unless told");
    }

    #[test]
    fn an_address_that_others_reach_is_told_and_reached_by_loopback_where_it_is_all() {
        let table = [
            ("127.0.0.1:1", false, "127.0.0.1:1"),
            ("127.0.0.2:1", false, "127.0.0.2:1"),
            ("[::1]:1", false, "[::1]:1"),
            ("[::ffff:127.0.0.1]:1", false, "[::ffff:127.0.0.1]:1"),
            ("0.0.0.0:1", true, "127.0.0.1:1"),
            ("[::]:1", true, "[::1]:1"),
            ("192.0.2.1:1", true, "192.0.2.1:1"),
        ];
        for (text, is_outside, near) in table {
            let address: SocketAddr = text.parse().expect("an address");
            assert_eq!(reached(address).to_string(), near, "{text}");
            let told = warning(address);
            assert_eq!(told.is_some(), is_outside, "{text}: {told:?}");
            let says = |told: String| told.contains(text) && told.contains("open to other machines");
            assert!(told.is_none_or(says), "{text}");
        }
    }

    #[test]
    fn a_name_is_refused_with_what_to_write_instead() {
        for text in ["", "localhost", "localhost:8443", "70000", "1.2.3.4:x", "example.com:80", "https://127.0.0.1:1"] {
            let told = text.parse::<Address>().expect_err("no address").to_string();
            assert!(told.contains(&format!("--serve {text}:")) && told.contains("Write 127.0.0.1:8443"), "{told}");
            assert!(told.contains("names are not looked up"), "{told}");
        }
    }
}
