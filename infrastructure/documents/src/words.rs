//! What stands on documents beside their data.

use crate::document::Document;
use chrono::{Datelike as _, NaiveDate};
use teiki_domain::money::Yen;
use teiki_domain::order::DocumentKind;

/// A kind's name.
pub(crate) fn name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::OrderSlip => "受注伝票",
        DocumentKind::DeliveryNote => "納品書",
        DocumentKind::Invoice => "請求書",
        DocumentKind::Receipt => "領収書",
    }
}

/// The sentence under the title.
pub(crate) fn lead(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::OrderSlip => "",
        DocumentKind::DeliveryNote => {
            "このたびはお買い上げいただき、誠にありがとうございます。下記のとおり納品いたします。"
        }
        DocumentKind::Invoice => {
            "このたびはお買い上げいただき、誠にありがとうございます。下記のとおりご請求申し上げます。"
        }
        DocumentKind::Receipt => "お品代として、下記の金額を領収いたしました。",
    }
}

/// What the large amount is.
pub(crate) fn amount(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::OrderSlip | DocumentKind::DeliveryNote => "合計金額(税込)",
        DocumentKind::Invoice => "ご請求金額(税込)",
        DocumentKind::Receipt => "領収金額(税込)",
    }
}

/// For what a receipt is made out where nothing else was said.
pub(crate) const FOR_GOODS: &str = "お品代として";

/// A date as business papers have it.
pub(crate) fn date(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// An amount as business papers have it.
pub(crate) fn yen(yen: Yen) -> String {
    format!("¥{}", yen.to_string().trim_end_matches('円'))
}

/// A postal code with its sign.
pub(crate) fn postal_code(code: &str) -> String {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    match (digits.get(..3), digits.get(3..)) {
        (Some(area), Some(place)) if digits.len() == 7 => format!("〒{area}-{place}"),
        _ => format!("〒{code}"),
    }
}

/// The title of the file.
pub(crate) fn file_title(first: &Document, count: usize) -> String {
    let title = format!("{} {}", name(first.number.kind()), first.number);
    match count {
        1 => title,
        count => format!("{title} 他{}件", count - 1),
    }
}

/// Sentences under the table, one a line.
pub(crate) fn notes(document: &Document, reduced: bool, layout: u32) -> Vec<String> {
    let facts = &document.facts;
    let mut notes = vec![];
    if reduced {
        notes.push("※印は軽減税率(8%)の対象品目です。".to_owned());
    }
    notes.push("単価・金額は税込です。消費税は税率ごとの合計金額から1円未満を切り捨てて計算しています。".to_owned());
    match document.number.kind() {
        DocumentKind::OrderSlip | DocumentKind::DeliveryNote => {}
        DocumentKind::Invoice if facts.by_card && layout > 1 && !facts.card_pays => {
            let unpaid = "クレジットカードでのお支払いを確認できていません。お支払方法は当店までお問い合わせください。";
            notes.push(unpaid.to_owned());
        }
        DocumentKind::Invoice if facts.by_card => {
            notes.push("お支払いはクレジットカードで承ります。お振り込みの必要はありません。".to_owned());
        }
        DocumentKind::Invoice => notes.push(format!("お支払方法: {}", facts.payment_method)),
        DocumentKind::Receipt if facts.by_card => {
            notes.push("クレジットカードにて領収(クレジットカード利用)".to_owned())
        }
        DocumentKind::Receipt => notes.push(format!("お支払方法: {}", facts.payment_method)),
    }
    if let Some(before) = document.number.before().filter(|number| number.kind() == DocumentKind::Receipt) {
        notes.push(format!("本書は領収書 {before} の再発行です。二重にご使用にならないようお願いいたします。"));
    }
    notes
}
