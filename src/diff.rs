//! Desired × live × base × rules → `Comparison`; masking; hunks.
