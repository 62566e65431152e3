//! OpenAPI v3 → what a field is.
