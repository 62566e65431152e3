//! The YAML reader (Kubernetes' rules, spans, budgets) and the one writer.
