//! `teiki schedule` (R3): one ISO date a line, and one clear sentence for whatever is wrong.

use std::process::{Command, Output};
use teiki_tests::stage::binary;

fn schedule(cycle: &str, from: &str, count: &str, more: &[&str]) -> Output {
    let arguments = ["schedule", "--cycle", cycle, "--from", from, "--count", count];
    Command::new(binary("teiki")).args(arguments).args(more).output().unwrap()
}

#[test]
fn r3_prints_one_date_a_line() {
    for (cycle, from, dates) in [
        ("days:10", "2026-12-25", "2026-12-25 2027-01-04 2027-01-14"),
        ("weeks:2:fri", "2026-04-01", "2026-04-03 2026-04-17 2026-05-01"),
        ("weeks:1:fri", "2026-04-03", "2026-04-03 2026-04-10 2026-04-17"),
        ("months:1:31", "2026-01-31", "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31"),
        ("months:1:31", "2028-01-31", "2028-01-31 2028-02-29 2028-03-31"),
        ("months:12:29", "2028-02-29", "2028-02-29 2029-02-28 2030-02-28 2031-02-28 2032-02-29"),
        ("months:1:30", "2026-12-31", "2027-01-30 2027-02-28 2027-03-30"),
        ("months:1:2nd-tue", "2026-04-01", "2026-04-14 2026-05-12 2026-06-09"),
        ("months:1:last-fri", "2026-04-01", "2026-04-24 2026-05-29 2026-06-26"),
        ("months:2:15", "2026-04-16", "2026-05-15 2026-07-15"),
    ] {
        let expected: Vec<&str> = dates.split(' ').collect();
        let output = schedule(cycle, from, &expected.len().to_string(), &[]);
        assert!(output.status.success(), "{cycle}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected, "{cycle} from {from}");
    }
}

#[test]
fn r3_prints_a_json_array_when_asked() {
    let output = schedule("days:1", "2026-02-28", "2", &["--json"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "[\"2026-02-28\",\"2026-03-01\"]\n");
}

#[test]
fn r3_a_wrong_cycle_or_date_gets_a_sentence_that_says_what_is_allowed() {
    for (cycle, from, count, part) in [
        ("fortnightly", "2026-04-01", "3", "weeks:N:fri"),
        ("days:0", "2026-04-01", "3", "days:N"),
        ("days:-1", "2026-04-01", "3", "days:N"),
        ("days:99999999999999999999", "2026-04-01", "3", "days:N"),
        ("months:1:32", "2026-04-01", "3", "months:N:31"),
        ("months:1:5th-fri", "2026-04-01", "3", "not every month"),
        ("weeks:1:xyz", "2026-04-01", "3", "weeks:N:fri"),
        ("", "2026-04-01", "3", "days:N"),
        ("days:10", "2026-02-30", "3", "YYYY-MM-DD"),
        ("days:10", "tomorrow", "3", "YYYY-MM-DD"),
        ("days:10", "2026-04-01", "0", "--count"),
        ("months:24:1", "9990-01-01", "100", "calendar ends"),
    ] {
        let output = schedule(cycle, from, count, &[]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{cycle} {from} {count}");
        assert!(error.contains(part), "{cycle} {from} {count}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(output.stdout.is_empty(), "nothing is printed for {cycle}");
    }
}
