//! Tests of the sandbox, by its request door.
