//! Comparison × policy → ordered `Plan`; prune guards; gates.
