//! The sample fleet and the script that keeps it living.
