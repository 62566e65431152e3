//! Connect, discover, watch, store, dry run, apply, prune, the record.
