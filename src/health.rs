//! Object → `Health`.
