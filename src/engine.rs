//! The one that decides: step, driver, publish.
