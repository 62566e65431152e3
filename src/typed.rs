//! Schema-aware walk, compare, merge, extract.
