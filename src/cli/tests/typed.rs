//! What is typed: flags that are not there yet, answers to gates, what help shows.

use clap::{CommandFactory as _, Parser as _};

use crate::cli::args::{Cli, Command};
use crate::cli::refused;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn flags_that_are_not_there_yet_say_so_in_one_sentence_and_exit_2() {
    let lines = [
        "driftdeck --plain",
        "driftdeck status --plain",
        "driftdeck diff -o markdown",
        "driftdeck diff --rev #12",
        "driftdeck diff --rev refs/pull/12/head",
        "driftdeck sync payments --rev pr/12",
        "driftdeck pin payments --to !12 --reason why",
        "driftdeck revert payments --to HEAD --mode undo",
        "driftdeck revert payments --to 9f31c2a --branch fix",
        "driftdeck revert payments --to 9f31c2a --branch",
        "driftdeck revert payments --to 9f31c2a --pr",
        "driftdeck revert payments --to merge-requests/3/head",
        "driftdeck agent --manifests",
    ];
    for line in lines {
        let refused = match parse(line) {
            Ok(cli) => refused::first(&cli),
            Err(error) => refused::flag(&error),
        };
        let error = refused.unwrap_or_else(|| panic!("{line} is refused"));
        assert_eq!(error.exit(), 2, "{line}");
        assert!(error.message.raw().contains("not there yet"), "{line}: {error}");
        assert_eq!(error.to_string().lines().count(), 1, "{line}: one sentence");
    }
}

#[test]
fn what_is_there_is_not_refused() {
    let lines = [
        "driftdeck",
        "driftdeck ./deploy",
        "driftdeck diff --rev main",
        "driftdeck diff --rev pull-requests/fix",
        "driftdeck sync payments --rev 9f31c2a --yes=2 --prune",
        "driftdeck revert payments --to v1.2 --mode pin",
        "driftdeck agent",
        "driftdeck demo",
        "driftdeck demo --serve",
        "driftdeck demo --serve=127.0.0.1:8080",
        "driftdeck demo --serve 127.0.0.1:8080 --headless --write-kubeconfig kubeconfig",
    ];
    for line in lines {
        let cli = parse(line).unwrap_or_else(|error| panic!("{line} is understood: {error}"));
        assert!(refused::first(&cli).is_none(), "{line}");
    }
}

#[test]
fn help_does_not_name_what_is_not_there() {
    let mut command = Cli::command();
    let mut pages = command.render_long_help().to_string();
    for sub in command.get_subcommands_mut() {
        pages.push_str(&sub.render_long_help().to_string());
    }
    for word in ["--plain", "markdown", "--branch", "--pr", "undo", "--manifests", "pull request"] {
        let found = pages.split(|c: char| c.is_whitespace() || "[]<>=,".contains(c)).any(|found| found == word);
        assert!(!found, "{word} is in the help");
    }
}

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn yes_is_an_answer_with_or_without_a_number() {
    let answers = |line: &str| match parse(line).expect("understood").command {
        Some(Command::Sync(args)) => args.answers.consent(args.prune),
        _ => panic!("a sync"),
    };
    let none = answers("driftdeck sync a").expect("good");
    assert!(!none.yes && none.deletes.is_none(), "nothing is answered by itself");
    let plain = answers("driftdeck sync a --yes").expect("good");
    assert!(plain.yes && plain.deletes.is_none(), "--yes counts no deletes");
    let counted = answers("driftdeck sync a --yes=0 --prune").expect("good");
    assert_eq!((counted.yes, counted.deletes, counted.prune), (true, Some(0), true));
    answers("driftdeck sync a --yes=some").expect_err("a number");
    let all = "driftdeck sync a --yes=9 --unlock fire --confirm a --allow-mass-delete 9";
    let all = answers(all).expect("good");
    assert_eq!((all.unlock.as_deref(), all.app_name.as_deref(), all.mass_delete), (Some("fire"), Some("a"), Some(9)));
}

#[test]
fn an_app_named_like_nothing_special_stays_an_app_after_yes() {
    let cli = parse("driftdeck sync --yes payments").expect("understood");
    let Some(Command::Sync(args)) = cli.command else { panic!("a sync") };
    assert_eq!(args.apps, ["payments"], "--yes takes its number only behind `=`");
}

#[test]
fn writing_needs_an_app_and_a_pause_its_reason() {
    for line in ["driftdeck sync", "driftdeck pause a", "driftdeck revert a", "driftdeck pin a --for 0s --reason x"] {
        assert!(parse(line).is_err(), "{line}");
    }
}
