//! O13: what is printed, read back by another program.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod samples;

use proptest::prelude::*;
use samples::{day, document, hostile, line, long, yen};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use teiki_documents::{Document, LAYOUT, MadeOut, RenderError, render};
use teiki_domain::basket::{Basket, Charge};
use teiki_domain::tax::by_rate;

fn pdf(document: &Document) -> Vec<u8> {
    render(&[(LAYOUT, document.clone())]).unwrap()
}

/// Leaves the file where it can be looked at, in Cargo's folder for such things.
fn kept(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// What a program of poppler says of a file.
fn poppler(arguments: &[&str], file: &Path, rest: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/poppler");
    let output = Command::new(script).args(arguments).arg(file).args(rest).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !errors.contains("Syntax Error"), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The text of a file, line by line as it stands on the page, without blanks.
fn text(name: &str, bytes: &[u8]) -> String {
    let text = poppler(&["pdftotext", "-layout"], &kept(name, bytes), &["-"]);
    text.chars().filter(|c| *c == '\n' || *c == '\u{c}' || !c.is_whitespace()).collect()
}

fn pages(file: &Path) -> usize {
    let info = poppler(&["pdfinfo"], file, &[]);
    info.lines().find_map(|line| line.strip_prefix("Pages:")).unwrap().trim().parse().unwrap()
}

#[test]
fn o13_every_kind_says_what_it_must() {
    let common = [
        "02396-S00000012-20260401",
        "2026年4月3日",
        "2026年4月11日",
        "山田花子様",
        "株式会社ていき珈琲",
        "〒530-0001",
        "大阪府大阪市北区梅田3丁目1番3号",
        "〒100-0001",
        "T1234567890123",
        "クッキーの定期便※",
        "¥10,550",
        // Totals and tax per rate, each rounded once.
        "10%対象¥2,610¥237",
        "8%対象※¥5,940¥440",
        "対象外¥2,000¥0",
        "軽減税率(8%)",
        "1/1",
    ];
    for (number, own, foreign) in [
        ("S1", vec!["受注伝票", "[02396000000000831705]", "売上確定", "06-0000-0000", "hanako@example.jp"], "領収"),
        ("D1", vec!["納品書", "納品いたします"], "hanako@example.jp"),
        ("I1", vec!["請求書", "ご請求金額", "お振り込みの必要はありません"], "06-0000-0000"),
        (
            "R1",
            vec!["領収書", "領収いたしました", "但しお品代として", "2026年4月2日", "クレジットカード利用"],
            "再発行",
        ),
        ("R2", vec!["領収書", "再発行", "02396-S00000012-20260401-R1の再発行です"], "hanako@example.jp"),
    ] {
        let text = text(&format!("{number}.pdf"), &pdf(&document(number)));
        for words in common.iter().chain(&own) {
            assert!(text.contains(words), "{number} lacks {words}:\n{text}");
        }
        assert!(text.contains(&format!("02396-S00000012-20260401-{number}")), "{text}");
        assert!(!text.contains(foreign), "{number} has {foreign}");
    }
}

#[test]
fn o13_an_external_order_is_invoiced_by_its_own_method_and_an_amount_to_be_quoted_is_not_invented() {
    let mut invoice = document("I1");
    (invoice.facts.by_card, invoice.facts.payment_method) = (false, "銀行振込".to_owned());
    let said = text("external.pdf", &pdf(&invoice));
    assert!(said.contains("お支払方法:銀行振込") && !said.contains("クレジットカード"), "{said}");
    let mut slip = document("S1");
    slip.basket = Basket::new(vec![line("箱", 540, 1, 8)], Charge::ToBeQuoted, Charge::Fixed(yen(0))).unwrap();
    slip.issuer.registration_number = None;
    let said = text("quoted.pdf", &pdf(&slip));
    assert!(
        said.matches("別途ご連絡").count() >= 3 && !said.contains("登録番号") && !said.contains("消費税額"),
        "{said}"
    );
}

#[test]
fn o13_a_hundred_lines_go_on_over_pages_and_none_is_lost() {
    let document = long("D1");
    let bytes = pdf(&document);
    let said = text("long.pdf", &bytes);
    let count = pages(&kept("long.pdf", &bytes));
    assert!((4..=9).contains(&count), "{count} pages");
    for page in 1..=count {
        assert!(said.contains(&format!("{page}/{count}")), "page {page} is numbered");
    }
    assert_eq!(said.matches("品名").count(), count, "headings on each page:\n{said}");
    for number in 1..=100 {
        assert!(said.contains(&format!("K-{number:03}")), "line {number}");
    }
    let total = document.basket.total().unwrap().to_string();
    assert!(said.contains(total.trim_end_matches('円')), "{total}");
    for rate in by_rate(&document.basket).unwrap() {
        assert!(said.contains(rate.tax.to_string().trim_end_matches('円')));
    }
}

#[test]
fn o13_hostile_texts_are_texts_and_what_the_font_lacks_is_marked() {
    for number in ["S1", "D1", "I1", "R3"] {
        let bytes = pdf(&hostile(number));
        let said = text(&format!("hostile-{number}.pdf"), &bytes);
        assert!(said.contains("<script>alert('x')</script>)TjET\\(逆さ)"), "{said}");
        assert!(said.contains("〓〓𠮷") || said.contains("〓〓〓"), "{said}");
        assert!(said.contains("髙﨑①㈱ガ"), "{said}");
        assert!(!said.contains('\u{202e}') && !said.contains('😀'), "{said}");
    }
    assert!(matches!(render(&[]), Err(RenderError::Nothing)));
    assert!(matches!(render(&[(3, document("S1"))]), Err(RenderError::UnknownLayout(3))));
}

#[test]
fn o13_the_font_is_embedded_with_the_meaning_of_its_glyphs() {
    let file = kept("fonts.pdf", &pdf(&document("R1")));
    let fonts = poppler(&["pdffonts"], &file, &[]);
    let rows: Vec<_> = fonts.lines().skip(2).collect();
    assert!(!rows.is_empty(), "{fonts}");
    for row in rows {
        let columns: Vec<_> = row.split_whitespace().collect();
        assert!(row.contains("BIZUDPGothic"), "{fonts}");
        // emb sub uni
        assert_eq!(columns[columns.len() - 5..columns.len() - 2], ["yes", "yes", "yes"], "{fonts}");
    }
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size < 120_000, "only the glyphs that are used go in: {size} bytes");
}

#[test]
fn o13_several_documents_in_one_file_count_their_pages_by_themselves() {
    let documents = vec![(1, document("D1")), (2, long("D2")), (2, document("D3"))];
    let bytes = render(&documents).unwrap();
    let (said, count) = (text("several.pdf", &bytes), pages(&kept("several.pdf", &bytes)));
    let alone: usize = documents.iter().map(|(_, document)| pages(&kept("alone.pdf", &pdf(document)))).sum();
    assert_eq!(count, alone);
    assert_eq!(said.matches("1/1\n").count(), 2, "{said}");
    assert!(poppler(&["pdfinfo"], &kept("several.pdf", &bytes), &[]).contains("他2件"));
}

#[test]
fn o13_the_same_data_gives_the_same_bytes() {
    for number in ["S1", "D1", "I1", "R1"] {
        let first = pdf(&document(number));
        assert_eq!(first, pdf(&document(number)));
        let mut other = document(number);
        other.issued_on = day("2026-04-04");
        assert_ne!(first, pdf(&other));
        let info = poppler(&["pdfinfo"], &kept("info.pdf", &first), &[]);
        assert!(!info.contains("CreationDate") && !info.contains("ModDate"), "no time goes in: {info}");
    }
}

#[test]
fn o13_a_receipt_is_made_out_to_whom_and_for_what_it_was_asked_for() {
    let said = text("buyer.pdf", &pdf(&document("R1")));
    assert_eq!(said.matches("山田花子様").count(), 2, "in the window and above the amount: {said}");
    let mut receipt = document("R1");
    receipt.made_out =
        MadeOut { to: "株式会社 みどり商店 御中".to_owned(), for_what: "珈琲代として".to_owned() };
    let said = text("company.pdf", &pdf(&receipt));
    for words in ["株式会社みどり商店御中", "但し珈琲代として", "上記の金額を正に領収いたしました"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("お品代") && said.matches("山田花子様").count() == 1, "{said}");
    // What is no receipt is made out to the buyer alone.
    let mut note = document("D1");
    note.made_out = receipt.made_out;
    assert!(!text("note.pdf", &pdf(&note)).contains("みどり商店"));
}

#[test]
fn o13_an_invoice_for_a_card_that_does_not_pay_does_not_say_that_it_does() {
    let mut invoice = document("I1");
    invoice.facts.card_pays = false;
    let said = text("unpaid.pdf", &pdf(&invoice));
    assert!(said.contains("お支払いを確認できていません") && !said.contains("必要はありません"), "{said}");
    let before = render(&[(1, invoice)]).unwrap();
    assert!(text("unpaid-1.pdf", &before).contains("必要はありません"), "what was issued stays as it was");
}

/// What was issued in a layout is issued again byte for byte. Where this fails, documents that people hold have come to
/// look otherwise: leave the layout as it was and make another one, or keep the library at the version it had.
#[test]
fn o13_every_layout_is_what_it_was() {
    let (slip, note, invoice) = (
        "83d3ed2a6a91c4cf10218b6b1acd3ef9f8a7d5a0d3683de981a12393bc0c19d5",
        "1a7328926b9ecd3d26bef22250753600a678b4cadd216fd62d975446fd491c98",
        "fdc5ce4332ed4356c7bcdbec6e38e1d97d764e656c973cf95ac27e7c4fe14555",
    );
    for (layout, receipt) in [
        (1, "7129db55754d38742471a9865d26d2e63a89e538af9c737f0b6664f451a46f1a"),
        (2, "5a790430c8ef52e44779c7603773aebfdf6a2ee02443525fe4728d48edffb669"),
    ] {
        let known = [("S1", slip), ("D1", note), ("I1", invoice), ("R2", receipt)];
        for (number, hash) in known {
            let bytes = render(&[(layout, document(number))]).unwrap();
            assert_eq!(hex::encode(Sha256::digest(&bytes)), hash, "layout {layout}, {number}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn o13_any_text_is_printed(name in "\\PC{1,100}", address in ".{0,300}", product in "\\PC{1,200}", code in "\\PC{1,200}") {
        let mut document = document("S1");
        document.recipient.name = name;
        document.recipient.address = address;
        let mut line = line(&product, 100, 1, 8);
        line.product = code;
        let lines = vec![line; 3];
        document.basket = Basket::new(lines, Charge::ToBeQuoted, Charge::Fixed(yen(0))).unwrap();
        prop_assert!(render(&[(LAYOUT, document)]).unwrap().starts_with(b"%PDF-"));
    }
}
