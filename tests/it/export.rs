//! `teiki export` and `teiki-verify-export`: a shop's log, verifiable without engine and database.

use sqlx::{Connection as _, Executor as _};
use std::path::{Path, PathBuf};
use std::process::Output;
use teiki_domain::ids::ShopId;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand as Settings};
use teiki_tests::stage::{Stage, binary, enrol, open_shop, subscribe};
use teiki_tests::stores::StoreKind;
use tokio::io::AsyncReadExt as _;

/// Two shops in one store, their events one between the other's.
async fn lived(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "set up");
    let other: ShopId = "00777".parse().unwrap();
    let open = Settings::Open { shop_id: other, name: "となりの店".to_owned() };
    app.gateway.execute::<ShopSettings>("00777", &because, open).await.unwrap();
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.gateway.execute::<ShopSettings>("00777", &because, Settings::ChangeLeadTime(3)).await.unwrap();
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    app.stop().await;
    renew(&stage).await;
    stage
}

async fn renew(stage: &Stage) {
    let output = stage.teiki(&["renew", "--json"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn run(stage: &Stage, arguments: &[&str]) {
    let output = stage.teiki(arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The verifier alone, in an empty environment.
fn check(arguments: &[&str]) -> Output {
    std::process::Command::new(binary("teiki-verify-export")).args(arguments).env_clear().output().unwrap()
}

/// Writes a changed export and returns the verdict.
fn verdict(folder: &Path, lines: &[Vec<u8>], more: &[&str]) -> (Option<i32>, String) {
    let path = folder.join("changed.jsonl");
    std::fs::write(&path, lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect::<Vec<u8>>()).unwrap();
    let output = check(&[&[text(&path)], more].concat());
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

struct Files {
    export: PathBuf,
    early: PathBuf,
    late: PathBuf,
    key: PathBuf,
}

impl Files {
    /// An export of today, a seal of it, and one of a month later.
    async fn make(stage: &mut Stage) -> Self {
        let file = |name: &str| stage.folder().join(name);
        let files =
            Self { export: file("shop.jsonl"), early: file("early"), late: file("late"), key: file("seal.key.pub") };
        run(stage, &["seal", "--out", text(&files.early)]).await;
        run(stage, &["export", "--shop", "02396", "--out", text(&files.export)]).await;
        stage.set_day("2026-05-01".parse().unwrap());
        renew(stage).await;
        run(stage, &["seal", "--out", text(&files.late)]).await;
        files
    }
}

async fn an_export_holds_and_shows_nothing_of_other_shops(kind: StoreKind) {
    let mut stage = lived(kind).await;
    let files = Files::make(&mut stage).await;
    let text_of = std::fs::read_to_string(&files.export).unwrap();
    assert!(!text_of.contains("00777") && !text_of.contains("となり"), "{text_of}");
    assert!(text_of.contains("OrderGenerated") && text_of.contains("\"digest\""));

    let output = check(&[text(&files.export), "--seal", text(&files.early), "--public-key", text(&files.key)]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("sealed up to position"), "{said}");
    assert!(check(&[text(&files.export), "--shop", "02396"]).status.success());
    // A shop that is none has no export, not an empty one.
    let nowhere = stage.folder().join("nowhere.jsonl");
    let none = stage.teiki(&["export", "--shop", "09999", "--out", text(&nowhere)]).output().await.unwrap();
    let told = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(!none.status.success() && told.contains("a shop 09999") && !nowhere.exists(), "{told}");
    // When it was made is bound by nothing, so it is not told as something that holds.
    let (header, rest) = text_of.split_once('\n').unwrap();
    let mut header: serde_json::Value = serde_json::from_str(header).unwrap();
    let at = header["exported_at"].as_str().unwrap().to_owned();
    let lines =
        |header: &str| format!("{header}\n{rest}").trim_end().split('\n').map(|l| l.as_bytes().to_vec()).collect();
    let forged = text_of.split('\n').next().unwrap().replace(&at, "1999-01-01T00:00:00.000000Z");
    let forged: Vec<Vec<u8>> = lines(&forged);
    let (early, key) = (text(&files.early), text(&files.key));
    let (code, said) = verdict(stage.folder(), &forged, &["--seal", early, "--public-key", key]);
    assert!(code == Some(0) && said.contains("exported_at is not protected") && !said.contains("1999"), "{said}");
    let (_, said) = verdict(stage.folder(), &forged, &[]);
    assert!(said.contains("store_id and exported_at are not protected"), "{said}");
    // The rest of the first line is: by the events, by the chain and, the store's name, by a seal.
    for (field, value) in [
        ("shop", serde_json::json!("00777")),
        ("head", serde_json::json!(3)),
        ("hash", serde_json::json!("00".repeat(32))),
        ("store_id", serde_json::json!("00000000-0000-0000-0000-000000000000")),
    ] {
        let kept = header[field].take();
        let line = text_of
            .split('\n')
            .next()
            .unwrap()
            .replace(&format!("\"{field}\":{kept}"), &format!("\"{field}\":{value}"));
        header[field] = kept;
        let forged: Vec<Vec<u8>> = lines(&line);
        let (code, said) = verdict(stage.folder(), &forged, &["--seal", early, "--public-key", key]);
        assert_eq!(code, Some(1), "{field}: {said}");
    }
    assert_eq!(check(&[text(&files.export), "--shop", "00777"]).status.code(), Some(1));
    assert_eq!(check(&["nowhere.jsonl"]).status.code(), Some(2));

    // Standard output carries the same; a file that exists is left alone.
    let again = stage.teiki(&["export", "--shop", "02396", "--out", text(&files.export)]).output().await.unwrap();
    assert!(!again.status.success());
    let printed = stage.teiki(&["export", "--shop", "02396"]).output().await.unwrap();
    let same = |text: &str| text.lines().skip(1).take(10).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(same(&String::from_utf8_lossy(&printed.stdout)), same(&text_of));

    // The other shop has its own half of the same chain.
    let other = stage.folder().join("other.jsonl");
    run(&stage, &["export", "--shop", "00777", "--out", text(&other)]).await;
    let text_of = std::fs::read_to_string(&other).unwrap();
    assert!(text_of.contains("となりの店") && !text_of.contains("OrderGenerated"));
    let output = check(&[text(&other), "--seal", text(&files.late), "--public-key", text(&files.key)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    stage.close().await;
}

async fn every_change_of_an_export_is_found_with_its_position(kind: StoreKind) {
    let mut stage = lived(kind).await;
    let files = Files::make(&mut stage).await;
    let folder = stage.folder().to_owned();
    let bytes = std::fs::read(&files.export).unwrap();
    let lines: Vec<Vec<u8>> = bytes.strip_suffix(b"\n").unwrap().split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let head = lines.len() - 2;
    assert!(verdict(&folder, &lines, &[]).0 == Some(0));

    // A flipped bit, at several places of every line.
    for at in 1..=head {
        for part in 0..6 {
            let mut changed = lines.clone();
            let place = (changed[at].len() - 1) * part / 5;
            changed[at][place] ^= 1;
            let (code, said) = verdict(&folder, &changed, &[]);
            let expected = format!("position {at}:");
            assert!(code == Some(1) && said.contains(&expected), "line {at}, byte {place}: {said}");
        }
    }
    for at in [1, head / 2, head] {
        let mut changed = lines.clone();
        changed.remove(at);
        let (code, said) = verdict(&folder, &changed, &[]);
        assert!(code == Some(1) && said.contains(&format!("position {at}:")), "deleted {at}: {said}");
    }
    let mut changed = lines.clone();
    changed.swap(head / 2, head / 2 + 1);
    let (code, said) = verdict(&folder, &changed, &[]);
    assert!(code == Some(1) && said.contains(&format!("position {}:", head / 2)), "swapped: {said}");
    let (code, said) = verdict(&folder, &lines[..head - 2], &[]);
    assert!(code == Some(1) && said.contains(&format!("position {}:", head - 2)), "truncated: {said}");
    let mut changed = lines.clone();
    changed.push(lines[head].clone());
    assert_eq!(verdict(&folder, &changed, &[]).0, Some(1), "added");

    // An event of the shop hidden behind its digest: its stream goes on with a gap.
    let mut changed = lines.clone();
    let own: Vec<usize> =
        (1..=head).filter(|at| String::from_utf8_lossy(&lines[*at]).contains("UseForSubscriptionsChanged")).collect();
    let digest = digest_of(&lines[own[0]]);
    let hash = String::from_utf8_lossy(&lines[own[0]]).rsplit('"').nth(1).unwrap().to_owned();
    changed[own[0]] = format!("{{\"position\":{},\"digest\":\"{digest}\",\"hash\":\"{hash}\"}}", own[0]).into_bytes();
    let (code, said) = verdict(&folder, &changed, &[]);
    assert!(code == Some(1) && said.contains("continues with sequence"), "hidden: {said}");

    // An older export against a newer seal, and a seal of another key.
    let (early, late, key) = (text(&files.early), text(&files.late), text(&files.key));
    let (code, said) = verdict(&folder, &lines, &["--seal", early, "--seal", late, "--public-key", key]);
    assert!(code == Some(1) && said.contains(&format!("position {}:", head + 1)), "old: {said}");
    let other = folder.join("other.key");
    let seal = folder.join("other.seal");
    run(&stage, &["seal", "--key", text(&other), "--out", text(&seal)]).await;
    let (code, said) = verdict(&folder, &lines, &["--seal", text(&seal), "--public-key", key]);
    assert!(code == Some(1) && said.contains("signature"), "{said}");
    stage.close().await;
}

/// The digest of a line's event, by the description alone.
fn digest_of(line: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let event: serde_json::Value = serde_json::from_slice(line).unwrap();
    let mut bytes = vec![];
    for name in
        "position aggregate_type aggregate_id sequence event_type event_version payload metadata recorded_at".split(' ')
    {
        let field = match &event[name] {
            serde_json::Value::Number(number) => number.as_i64().unwrap().to_be_bytes().to_vec(),
            text => text.as_str().unwrap().as_bytes().to_vec(),
        };
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field);
    }
    hex::encode(Sha256::digest(&bytes))
}

/// Positions written straight into the log; what they say does not matter for how much of it is held.
async fn lengthen(stage: &Stage, from: i64, to: i64) {
    let columns = "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
        recorded_at, hash";
    let row = |zeros: &str| {
        format!(
            "n, 'product', '02396-X' || n, 1, 'ProductWithdrawn', '1.0.0', '{{\"ProductWithdrawn\":{{}}}}', \
             '{{\"actor\":\"someone of the shop\",\"reason\":\"a reason of the usual length\"}}', \
             '2026-04-01T00:00:30.000000Z', {zeros}"
        )
    };
    if let Some(path) = stage.url.strip_prefix("sqlite:") {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let numbers =
            format!("WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to})");
        let sql = format!("INSERT INTO event_log ({columns}) {numbers} SELECT {} FROM numbers", row("zeroblob(32)"));
        connection.execute(sql.as_str()).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&stage.url).await.unwrap();
        let row = row("decode(repeat('00', 32), 'hex')");
        let sql = format!("INSERT INTO event_log ({columns}) SELECT {row} FROM generate_series({from}, {to}) AS s (n)");
        connection.execute(sql.as_str()).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The bytes `teiki export` writes, and the most memory it has held by then, in KB.
async fn exported(stage: &Stage) -> (usize, u64) {
    let mut child = stage.teiki(&["export", "--shop", "02396"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let (status, mut out) = (format!("/proc/{}/status", child.id().unwrap()), child.stdout.take().unwrap());
    let (mut length, mut peak, mut buffer) = (0, 0, vec![0; 64 * 1024]);
    loop {
        let read = out.read(&mut buffer).await.unwrap();
        if read == 0 {
            break;
        }
        length += read;
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(peak);
    }
    assert!(child.wait().await.unwrap().success());
    (length, peak)
}

async fn a_long_log_takes_no_more_memory_than_a_short_one(kind: StoreKind) {
    const FEW: i64 = 15_000;
    const MANY: i64 = 150_000;
    const MARGIN: u64 = 24 * 1024;
    let stage = lived(kind).await;
    let app = stage.app().await;
    let head = app.log.head().await.unwrap();
    app.stop().await;
    lengthen(&stage, head + 1, FEW).await;
    let (short, after_short) = exported(&stage).await;
    lengthen(&stage, FEW + 1, MANY).await;
    let (long, after_long) = exported(&stage).await;
    assert!(long > 8 * short, "{long} bytes are not ten times {short}");
    assert!(after_short > 0 && after_long <= after_short + MARGIN, "{after_short} KB became {after_long} KB");
    stage.close().await;
}

on_both_stores!(
    a_long_log_takes_no_more_memory_than_a_short_one,
    an_export_holds_and_shows_nothing_of_other_shops,
    every_change_of_an_export_is_found_with_its_position,
);
