//! One file per subcommand, output formats, exit codes.
