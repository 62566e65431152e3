//! Where the sandbox still differs from kube-apiserver: a row that does not differ any more fails the suite.

/// Group, command, why. At most six.
pub const DIFFERS: &[(&str, &str, &str)] = &[
    ("asking", "api-versions", "groups without objects of a GitOps fleet are not served"),
    ("asking", "api-resources --sort-by=name", "their kinds neither"),
    (
        "changing",
        "patch deploy web --type=merge -p '{\"spec\":{\"replicas\":\"two\"}}'",
        "the refusal repeats the whole object in the order of Go's fields",
    ),
];
