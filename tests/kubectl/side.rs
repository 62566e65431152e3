//! One server as one kubectl sees it: a home, a kubeconfig, commands.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::script::FILES;

/// How long a line of a command that goes on is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where a group's commands go.
pub struct Side {
    program: PathBuf,
    home: TempDir,
    config: PathBuf,
}

/// What a command came to.
#[derive(Clone, Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Side {
    /// A home with the script's files. `<p>` stands for the program's letter, `<ns>` for the namespace.
    pub fn new(program: &Path, (cluster, token): (&str, &str), (letter, namespace): (char, &str)) -> Self {
        let home = tempfile::tempdir().expect("a home");
        for (name, text) in FILES {
            std::fs::write(home.path().join(name), filled(text, letter, namespace)).expect("a file of the script");
        }
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: it\n\
             clusters: [{{name: it, cluster: {{{cluster}}}}}]\n\
             users: [{{name: it, user: {{token: {token}}}}}]\n\
             contexts: [{{name: it, context: {{cluster: it, user: it, namespace: {namespace}}}}}]\n"
        );
        let config = home.path().join("config");
        std::fs::write(&config, text).expect("a kubeconfig");
        Self { program: program.to_owned(), home, config }
    }

    /// Runs one line to its end.
    pub fn run(&self, line: &str) -> Said {
        let output = self.command(line).output().expect("kubectl runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs a line that goes on by itself: its output until it has said so many lines, with `then` after the first ones.
    pub fn watch(&self, line: &str, (first, all): (usize, usize), then: impl FnOnce()) -> Said {
        let mut child = self.command(line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("kubectl runs");
        let lines = lines_of(&mut child);
        let next = |count: usize| -> String {
            let read = (0..count).map_while(|_| lines.recv_timeout(PATIENCE).ok());
            read.map(|line| line + "\n").collect()
        };
        let mut out = next(first);
        then();
        out += &next(all - first);
        let _ = child.kill();
        let _ = child.wait();
        Said { code: None, out, err: String::new() }
    }

    /// A line's words; `[sed script]` before them is what the editor does.
    fn command(&self, line: &str) -> Command {
        let (editing, line) = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((script, rest)) => (script, rest),
            None => ("", line),
        };
        let script = self.home.path().join("editor.sed");
        std::fs::write(&script, editing).expect("the editor's script");
        let mut command = Command::new(&self.program);
        command.args(words(line)).current_dir(self.home.path());
        command.env("KUBECONFIG", &self.config).env("HOME", self.home.path()).env("KUBERC", "off");
        command.env("KUBE_EDITOR", format!("sed -i -f {}", script.display())).env("LC_ALL", "C").env("TZ", "UTC");
        command.stdin(Stdio::null());
        command
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

/// A text of the script with its two holes filled.
pub fn filled(text: &str, letter: char, namespace: &str) -> String {
    text.replace("<p>", &letter.to_string()).replace("<ns>", namespace)
}

fn lines_of(child: &mut Child) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::sync_channel(64);
    let out = BufReader::new(child.stdout.take().expect("its output"));
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

/// As a shell splits a line, single quotes only.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quoted, mut open) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => (quoted, open) = (!quoted, true),
            ' ' if !quoted => {
                if open {
                    out.push(std::mem::take(&mut word));
                }
                open = false;
            }
            c => {
                word.push(c);
                open = true;
            }
        }
    }
    if open {
        out.push(word);
    }
    out
}
