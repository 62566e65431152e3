//! A small in-memory Kubernetes API server behind the ordinary kube client.
