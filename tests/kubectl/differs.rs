//! Where the sandbox still differs from kube-apiserver: a row that does not differ any more fails the suite.

/// Group, command, why. At most six.
pub const DIFFERS: &[(&str, &str, &str)] = &[];
