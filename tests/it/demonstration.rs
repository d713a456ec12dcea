//! `teiki demo`: what a newcomer sees.

use std::process::{Command, Output};
use teiki_tests::stage::binary;

fn demo(folder: &std::path::Path, more: &[&str]) -> Output {
    let mut command = Command::new(binary("teiki"));
    command.args(["demo", "--no-serve", "--folder"]).arg(folder).args(more).env_remove("RUST_LOG");
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn it_tells_the_same_story_goes_on_and_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("demo");
    let first = text(&demo(&folder, &["--nights", "12"]));
    for part in ["受注一覧", "カード管理", "12 夜", "オーソリ失敗", "1G05", "P010", "消込済", "[023960000", "期限切れ"]
    {
        assert!(first.contains(part), "{part} in:\n{first}");
    }
    let further = text(&demo(&folder, &["--nights", "3"]));
    assert!(further.contains("15 夜"), "{further}");
    let over = text(&demo(&folder, &["--nights", "12", "--fresh"]));
    assert_eq!(over, first, "starting over tells the same story");
    // What is not a demonstration is never emptied.
    let other = folder.parent().unwrap().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("letter"), "dear").unwrap();
    let refused = demo(&other, &["--nights", "1", "--fresh"]);
    assert!(!refused.status.success() && other.join("letter").exists());
}
