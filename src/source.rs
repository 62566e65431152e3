//! Git (mirror, fetch, history, trees, revert, push) and plain directories.
