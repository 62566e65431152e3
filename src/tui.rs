//! Terminal guard, input, loop, views, theme.
