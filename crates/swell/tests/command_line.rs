//! The program as people see it: what they type, what it prints, how it ends.

mod shell;

use clap::CommandFactory;
use shell::Folder;
use swell::cli::command::Cli;

/// What the words print on the standard output; they must succeed.
fn shell(words: &str) -> String {
    let output = Folder::new().run(words);
    assert!(output.status.success(), "{words}: {output:?}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// What the words print on the standard error in a folder with these files; they must end
/// with that code, and print nothing on the standard output.
fn fails(words: &str, code: i32, files: &[(&str, &str)]) -> String {
    let folder = Folder::new();
    for (name, text) in files {
        std::fs::write(folder.0.join(name), text).expect("the folder of the tests can be written");
    }
    let output = folder.run(words);
    assert_eq!(output.status.code(), Some(code), "{words}: {output:?}");
    assert!(output.stdout.is_empty(), "{words}: {output:?}");
    String::from_utf8(output.stderr).expect("output is UTF-8")
}

#[test]
fn every_command_explains_itself() {
    for (name, words) in [
        ("help", "--help"),
        ("help_demo", "demo --help"),
        ("help_new", "new --help"),
        ("help_keepalive", "sim keepalive --help"),
        ("help_replay", "replay --help"),
        ("help_bench", "bench http --help"),
        ("help_trace", "trace --help"),
        ("help_inspect", "trace inspect --help"),
        ("help_convert", "trace convert --help"),
        ("help_sample", "trace sample --help"),
        ("help_generate", "trace generate --help"),
        ("help_policy", "policy --help"),
        ("help_completions", "completions --help"),
        ("help_doctor", "doctor --help"),
        ("help_watch", "watch --help"),
    ] {
        insta::assert_snapshot!(name, shell(words));
    }
}

#[test]
fn shells_can_finish_every_command() {
    let cli = Cli::command();
    let mut names: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    names.extend(
        cli.get_subcommands()
            .flat_map(|command| command.get_subcommands().map(clap::Command::get_name)),
    );
    assert!(names.len() > 30, "{names:?}");
    for form in ["bash", "zsh", "fish"] {
        let script = shell(&format!("completions {form}"));
        for name in &names {
            assert!(script.contains(name), "{form} does not know `{name}`");
        }
        for option in ["min-warm", "origin", "callback"] {
            assert!(script.contains(option), "{form} does not know `--{option}`");
        }
    }
}

#[test]
fn policies_are_listed_and_shown() {
    insta::assert_snapshot!("policy_list", shell("policy list"));
    insta::assert_snapshot!("policy_show", shell("policy show hybrid-histogram"));
    insta::assert_snapshot!("policy_show_json", shell("policy show fixed-ttl -o json"));
}

#[test]
fn traces_are_listed_and_inspected() {
    insta::assert_snapshot!("trace_list", shell("trace list"));
    insta::assert_snapshot!("trace_inspect", shell("trace inspect 20-b"));
    insta::assert_snapshot!("trace_inspect_json", shell("trace inspect 20-b -o json"));
}

#[test]
fn a_simulation_prints_a_table() {
    let words = "sim keepalive --trace 20-b --memory 1GB --policy founding";
    insta::assert_snapshot!("keepalive", shell(words));
    let words = "sim keepalive --trace 20-b --memory 1GB --policy lru,fixed-ttl --seed 1 --function \
                 *:max-idle=1h,pause-after=1m,paused-memory=1MB --function #3:min-warm=1";
    insta::assert_snapshot!("overrides", shell(words));
    let words = "sim keepalive --trace 20-b --memory 1GB,800MB --faithful founding";
    insta::assert_snapshot!("faithful", shell(words));
}

#[test]
fn failures_are_letters() {
    let broken = "fn,hash,mem_mb,cold_ms,warm_ms\n0,a,many,1,1\n";
    let calls = "t_ms,fn\n0,0\n";
    let files = [("f.csv", broken), ("c.csv", calls), ("odd.csv", "a,b\n1,2\n")];
    for (name, code, words) in [
        ("unknown_policy", 2, "sim keepalive --trace 20-b --memory 1GB --policy lruu"),
        (
            "unknown_parameter",
            2,
            "sim keepalive --trace 20-b --memory 1GB --policy fixed-ttl:tll=1m",
        ),
        ("unknown_policy_shown", 2, "policy show greedy"),
        ("memory_without_unit", 2, "sim keepalive --trace 20-b --memory 20"),
        ("memory_without_end", 2, "sim keepalive --trace 20-b --memory 18000000TB"),
        ("override_key", 2, "sim keepalive --trace 20-b --memory 1GB --function *:min-worm=1"),
        ("override_value", 2, "sim keepalive --trace 20-b --memory 1GB --function *:concurrency=0"),
        ("override_unmatched", 2, "sim keepalive --trace 20-b --memory 1GB --function web*:pinned"),
        ("override_number", 2, "sim keepalive --trace 20-b --memory 1GB --function #20:pinned"),
        (
            "override_contradiction",
            2,
            "sim keepalive --trace 20-b --memory 1GB --function #0:min-warm=3,max-instances=2",
        ),
        ("resume_without_unit", 2, "sim keepalive --trace 20-b --memory 1GB --resume 1"),
        ("unknown_trace", 2, "sim keepalive --trace 135 --memory 1GB"),
        ("unknown_recipe", 2, "trace inspect gen:sine"),
        ("not_a_recipe", 2, "trace generate bursty out.jsonl"),
        ("unknown_format", 2, "trace convert 20-b --to xml out"),
        ("one_path", 2, "trace convert --to pair 20-b"),
        ("nothing_to_sample", 1, "trace sample 20-b out.jsonl --from 25h"),
        ("odd_share", 2, "trace sample 20-b out.jsonl --functions 0%"),
        ("missing_arguments", 2, "sim keepalive"),
        ("unknown_option", 2, "sim keepalive --trace 20-b --memory 1GB --sead 3"),
        ("unknown_output", 2, "sim keepalive --trace 20-b --memory 1GB -o report.pdf"),
        ("page_on_stdout", 2, "sim keepalive --trace 20-b --memory 1GB -o html"),
        ("no_folder", 2, "sim keepalive --trace 20-b --memory 1GB -o no/report.html"),
        ("two_on_stdout", 2, "sim keepalive --trace 20-b --memory 1GB -o json -o csv"),
        ("broken_row", 1, "trace inspect f.csv c.csv"),
        ("unknown_file_kind", 2, "trace inspect odd.csv"),
        ("folder_as_trace", 2, "trace inspect ."),
        (
            "faithful_page",
            2,
            "sim keepalive --faithful founding --trace 20-b --memory 1GB -o x.html",
        ),
        ("faithful_megabytes", 2, "sim keepalive --faithful founding --trace 20-b --memory 1MiB"),
        (
            "faithful_policy",
            2,
            "sim keepalive --faithful founding --trace 20-b --memory 1GB --policy lru",
        ),
    ] {
        insta::assert_snapshot!(name, fails(words, code, &files));
    }
}
