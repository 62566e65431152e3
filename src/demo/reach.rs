//! The ways of an engine to the sample clusters and the sample repository.
//!
//! Owns the ports that an engine is started with. Refuses any other cluster, and any transport.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cluster::{Cluster, ConnectError, Limits};
use crate::engine::Ports;
use crate::model::ClusterName;
use crate::source;

/// Ports to the clusters that `link` knows, and to the one repository, which lies in place.
pub(super) fn ports(
    (repository, limits): (PathBuf, Limits),
    link: impl Fn(&ClusterName) -> Option<Cluster> + Send + Sync + 'static,
) -> Ports {
    let link = Arc::new(link);
    Ports {
        connect: Arc::new(move |spec| {
            let link = link.clone();
            // Within the runtime that asks: a client's queue is a task of it.
            Box::pin(async move {
                let cluster = link(&spec.name).map(|cluster| cluster.with_limits(limits));
                cluster.ok_or(ConnectError::NoKubeconfig { looked_at: Vec::new() })
            })
        }),
        renew: {
            // A repository that lies in place is not ours to make anew.
            let repository = repository.clone();
            Arc::new(move |_| source::open_in_place(&repository))
        },
        open: Arc::new(move |_| source::open_in_place(&repository)),
    }
}
