use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::support::install_provider;

#[tokio::test]
async fn the_program_says_when_it_is_ready_and_saves_when_it_is_told_to_stop() {
    install_provider();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.json");
    let mut program = Command::new(env!("CARGO_BIN_EXE_paygent-simulator"))
        .args(["--control", "127.0.0.1:0", "--print-ready", "--merchant", "1:a:b:c"])
        .arg("--certificates")
        .arg(folder.path().join("certificates"))
        .arg("--ledger")
        .arg(&ledger)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(words[0] == "ready" && words[1].starts_with("base_url=https://127.0.0.1:"), "{line}");
    let control = words[2].strip_prefix("control_url=").unwrap();
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
    assert_eq!(client.post(format!("{control}/shutdown")).send().await.unwrap().status(), 202);
    assert!(program.wait().unwrap().success());
    assert!(std::fs::read_to_string(&ledger).unwrap().contains("\"merchant_id\":\"1\""));
}

#[test]
fn the_program_explains_a_merchant_it_cannot_read() {
    let output = Command::new(env!("CARGO_BIN_EXE_paygent-simulator")).args(["--merchant", "1:a"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("MERCHANT_ID:CONNECT_ID:CONNECT_PASSWORD:TOKEN_KEY"));
}
