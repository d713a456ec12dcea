//! 注文確認メール (O15), also re-sent after an order was changed (O17).

use super::parts::{RULE, basket, date, method, signature};
use crate::mails::Letter;
use crate::mails::shop_profile::ShopProfile;
use chrono::NaiveDate;
use teiki_domain::basket::Basket;
use teiki_domain::ids::OrderId;
use teiki_domain::payment_method::PaymentMethod;

/// What is said of an order.
#[derive(Debug, Clone)]
pub struct OrderFacts<'a> {
    /// 購入者名.
    pub buyer: &'a str,
    /// The order.
    pub order_id: &'a OrderId,
    /// Its delivery date.
    pub delivery_date: NaiveDate,
    /// What it contains, as it stands.
    pub basket: &'a Basket,
    /// How it is paid, as it stands.
    pub payment_method: &'a PaymentMethod,
    /// The shop.
    pub shop: &'a ShopProfile,
}

/// The confirmation.
pub fn text(order: &OrderFacts<'_>) -> Letter {
    let OrderFacts { buyer, order_id, delivery_date, basket: content, payment_method, shop } = order;
    let mut body = format!(
        "{buyer}様\n\n\
         いつも{}をご利用いただき、誠にありがとうございます。\n\
         ご注文の内容を以下のとおりご案内いたします。\n\n\
         ■ご注文\n{RULE}\n 受注番号: {order_id}\n お届け予定日: {}\n\n",
        shop.name,
        date(*delivery_date),
    );
    body.push_str(&basket(content));
    body.push_str(&format!("\n■お支払い\n{RULE}\n お支払方法: {}\n\n", method(payment_method, shop)));
    body.push_str("内容に相違やご不明な点がございましたら、下記までお問い合わせください。\n\n");
    body.push_str(&signature(shop));
    Letter { subject: format!("ご注文内容の確認({order_id}) {}", shop.name), body }
}

/// What a free mail begins with: greeting and signature.
pub fn free(order: &OrderFacts<'_>) -> Letter {
    let OrderFacts { buyer, order_id, shop, .. } = order;
    let body = format!(
        "{buyer}様\n\nいつも{}をご利用いただき、誠にありがとうございます。\n受注番号 {order_id} の件でご連絡いたします。\n\n\n\n{}",
        shop.name,
        signature(shop)
    );
    Letter { subject: format!("ご注文について({order_id}) {}", shop.name), body }
}
