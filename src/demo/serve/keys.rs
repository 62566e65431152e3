//! The door's token and certificate, both made at start and never kept.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};

use super::ServeError;

/// The scheme of the header, in any case of letters.
const SCHEME: &[u8] = b"Bearer ";

/// What a client must know: 256 random bits.
#[derive(Clone)]
pub(super) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    pub(super) fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// For the kubeconfig, which alone may hold it.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether an `Authorization` header says it. Digests are compared: time tells nothing about the token.
    pub(super) fn is(&self, header: &[u8]) -> bool {
        let Some((scheme, said)) = header.split_at_checked(SCHEME.len()) else { return false };
        scheme.eq_ignore_ascii_case(SCHEME) && Sha256::digest(said) == Sha256::digest(&self.0)
    }
}

/// The server's side of TLS, and the authority clients trust for it.
pub(super) struct Tls {
    pub(super) config: Arc<ServerConfig>,
    /// PEM.
    pub(super) authority: String,
}

/// A certificate for `address` and loopback, by an authority whose key is forgotten here.
pub(super) fn tls(address: IpAddr) -> Result<Tls, ServeError> {
    made(address).map_err(|error| ServeError::Certificate(error.to_string()))
}

fn made(address: IpAddr) -> Result<Tls, Box<dyn std::error::Error>> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.distinguished_name.push(DnType::CommonName, "driftdeck demo authority");
    let pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate()?;
    let mut own = CertificateParams::new(vec!["localhost".to_owned()])?;
    own.distinguished_name.push(DnType::CommonName, "driftdeck demo");
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let reached = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), address];
    own.subject_alt_names.extend(reached.map(SanType::IpAddress));
    let certificate = own.signed_by(&key, &issuer)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { config: Arc::new(config), authority: pem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_the_whole_of_it_and_no_two_are_alike() {
        let (one, other) = (Token::new(), Token::new());
        assert!(one.is(format!("Bearer {}", one.text()).as_bytes()));
        assert!(one.is(format!("bearer {}", one.text()).as_bytes()), "as kube-apiserver reads it");
        for wrong in [String::new(), "Bearer ".to_owned(), one.text().to_owned(), format!("Bearer {}", other.text())] {
            assert!(!one.is(wrong.as_bytes()), "{} letters that are not it", wrong.len());
        }
        assert!(one.text().len() >= 43, "256 bits");
        assert_eq!(format!("{one:?}"), "Token", "it is in no log");
    }
}
