//! 配送通知メール (O15).

use super::order_confirmation::OrderFacts;
use super::parts::{RULE, basket, date, signature};
use crate::mails::Letter;

/// The notice that an order was handed to the carrier. Carrier and slip number may be empty.
pub fn text(order: &OrderFacts<'_>, carrier: &str, slip_number: &str) -> Letter {
    let shop = order.shop;
    let mut body = format!(
        "{}様\n\n\
         いつも{}をご利用いただき、誠にありがとうございます。\n\
         ご注文の商品を発送いたしましたので、お知らせいたします。\n\n\
         ■お届け\n{RULE}\n 受注番号: {}\n お届け予定日: {}\n",
        order.buyer,
        shop.name,
        order.order_id,
        date(order.delivery_date),
    );
    for (label, text) in [("配送会社", carrier), ("お問い合わせ伝票番号", slip_number)] {
        if !text.is_empty() {
            body.push_str(&format!(" {label}: {text}\n"));
        }
    }
    body.push('\n');
    body.push_str(&basket(order.basket));
    body.push_str("\n到着まで今しばらくお待ちください。\n\n");
    body.push_str(&signature(shop));
    Letter { subject: format!("商品発送のお知らせ({}) {}", order.order_id, shop.name), body }
}
