//! Why a document cannot be issued (O13), as operators read it.

use crate::console::Language;
use crate::words;
use teiki_domain::order::{DocumentKind, OrderRefusal as Refusal};

/// What a kind of document is called.
pub(crate) fn name(language: Language, kind: DocumentKind) -> &'static str {
    let english = match kind {
        DocumentKind::OrderSlip => "Order slip",
        DocumentKind::DeliveryNote => "Delivery note",
        DocumentKind::Invoice => "Invoice",
        DocumentKind::Receipt => "Receipt",
    };
    language.t(words::document(kind), english)
}

/// In the language of the page.
pub(crate) fn why_not(language: Language, refusal: &Refusal) -> String {
    let japanese = match refusal {
        Refusal::OnlyOrderSlip => "キャンセルされた受注です。受注伝票のみ発行できます。",
        Refusal::NoInvoice => "支払済みの受注です。請求書ではなく領収書を発行してください。",
        Refusal::GivenBack => {
            "決済が取り消された(返金された)受注です。請求する場合は、先に支払方法を変更してください。"
        }
        Refusal::NoReceipt("external") => {
            "まだ支払が確認できていません。入金チェック(以前の支払方法で付けた場合は一度外して付け直す)または完了の後に発行できます。"
        }
        Refusal::NoReceipt(_) => "まだ支払が確認できていません。売上確定の後に発行できます。",
        Refusal::AmountToBeQuoted => "送料または手数料が別途連絡です。金額を入力してから発行してください。",
        Refusal::PaidOtherwise { costs, paid } => {
            let text = format!("受注金額({costs})と支払金額({paid})が異なります。一致してから発行できます。");
            return if language == Language::Japanese { text } else { refusal.to_string() };
        }
        other => return other.to_string(),
    };
    language.t(japanese, &refusal.to_string()).to_owned()
}
