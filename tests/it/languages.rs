//! Every sentence an operator reads exists in both languages: pages in English hold no Japanese and pages in Japanese no
//! English, but for what people typed and what was received.

use crate::every_page::{CARDS, crawl};
use crate::payment_life::{order, served};
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::json;
use std::collections::BTreeSet;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, Page, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, subscription};
use teiki_tests::stores::StoreKind;

/// What people typed or named, and what Paygent answered.
const DATA: [&str; 22] = [
    "定期 Teiki",
    "クッキーの定期便",
    "お試しセット",
    "山田 花子",
    "山＊＊＊",
    "＊＊＊",
    "佐藤 一郎",
    "テストの店",
    "代金引換",
    "東京都千代田区千代田1-1",
    "お預かりした個人情報は、商品のお届けとご連絡にのみ使用します。",
    "販売業者、所在地、電話番号、返品の条件などをここに表示します。",
    "定期購入は、会員マイページまたはお電話でいつでも終了できます。",
    "送料は全国一律 660円(税込)です。",
    "ヤマト運輸 B2クラウド",
    "佐川急便 e飛伝III",
    "日本郵便 ゆうプリR",
    "test: set up",
    "card_valid_term is not valid",
    "限度額オーバー",
    "クレジットカード決済",
    BRAND,
];
/// The product's own name, the first word of the page.
const BRAND: &str = "定期 ";

fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff9f}' | '、' | '。' | '「' | '」')
}

/// Without what is data, wherever it stands.
fn without_data(text: &str) -> String {
    DATA.iter().fold(text.to_owned(), |text, data| text.replace(data, " "))
}

/// What of a page in English is Japanese. Amounts are written with their sign.
fn japanese_in(page: &Page) -> Vec<String> {
    let mut found = vec![];
    for text in page.prose() {
        let text = without_data(&text);
        let mut before = ' ';
        for c in text.chars() {
            if is_japanese(c) && !(c == '円' && before.is_ascii_digit()) {
                found.push(text.trim().to_owned());
                break;
            }
            before = c;
        }
    }
    found
}

/// What of a page in Japanese is English: three words of Latin letters after one another.
fn english_in(page: &Page) -> Vec<String> {
    let mut found = vec![];
    for text in page.prose() {
        let text = without_data(&text);
        let mut run = 0;
        for word in text.split(|c: char| c.is_whitespace() || !c.is_ascii()) {
            let word = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
            let is_word = word.len() > 1 && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'\'');
            run = if is_word { run + 1 } else { 0 };
            if run == 3 {
                found.push(text.trim().to_owned());
                break;
            }
        }
    }
    found
}

/// A shop in which something of every kind happened.
async fn lived(store: StoreKind) -> (Stage, Served) {
    let (stage, served) = served(store, SaleMode::AuthorizeOnly, &CARDS).await;
    let path = |i| format!("/v1/orders/{}", order(i));
    let basket = json!({
        "lines": [{"product": "C-1", "name": "クッキーの定期便", "unit_price": 4_200, "quantity": 1, "tax_percent": 8}],
        "shipping": 0
    });
    assert_eq!(served.put(&format!("{}/basket", path(0)), &basket).await.0, StatusCode::OK);
    // A call whose answer is lost, and one that is refused.
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::ReviseAuthorisation));
    served.post(&format!("{}/update-transaction", path(0)), &json!(null)).await;
    let settled = |order: &serde_json::Value| order["payment_status"] == "authorized";
    served.until(&path(0), settled).await;
    let method = json!({"payment_method": "external:代金引換"});
    served.put(&format!("{}/payment-method", path(1)), &method).await;
    let subscription = format!("/v1/subscriptions/{}", subscription(0));
    for (act, body) in [("pause", json!(null)), ("resume", json!(null)), ("skip", json!(null))] {
        served.post(&format!("{subscription}/{act}"), &body).await;
    }
    served.post(&format!("{}/cancel", path(2)), &json!(null)).await;
    (stage, served)
}

/// Addresses at which something is wrong, as people or their bookmarks come to them.
const WRONG: [&str; 13] = [
    "/orders?from=never&to=4/99&order=1&member=x&amount_min=many",
    "/orders/02396-D99999-20260401",
    "/orders/nothing",
    "/subscriptions?number=!&member=!&from=never",
    "/subscriptions/nothing",
    "/members?member=M99999",
    "/members/nothing",
    "/mails?order=1",
    "/mails/nothing",
    "/orders/csv?from=never",
    "/subscriptions.csv?from=never",
    "/cards?cursor=x",
    "/settings/nothing",
];

async fn every_page_is_in_one_language(store: StoreKind) {
    let (stage, served) = lived(store).await;
    account(&stage, Role::Manager).await;
    account(&stage, Role::Auditor).await;
    let mut wrong = BTreeSet::new();
    for role in [Role::Manager, Role::Auditor] {
        let console = Console::signed_in(&served, role).await;
        let kinds = crawl(&console).await;
        let addresses: Vec<String> = kinds.into_values().flatten().chain(WRONG.map(str::to_owned)).collect();
        assert!(addresses.len() > 60, "{addresses:#?}");
        for language in ["ja", "en"] {
            console.get(&format!("/language?to={language}")).await;
            for address in &addresses {
                let page = console.get(address).await;
                if !page.html.starts_with("<!doctype html>") {
                    continue;
                }
                assert_eq!(page.html.contains("<html lang=\"en\">"), language == "en", "{address}");
                let found = if language == "ja" { english_in(&page) } else { japanese_in(&page) };
                wrong.extend(found.into_iter().map(|text| format!("{language} {address}: {text}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(every_page_is_in_one_language);
