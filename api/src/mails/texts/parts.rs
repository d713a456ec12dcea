//! What several mails say in the same words.

use crate::mails::shop_profile::ShopProfile;
use chrono::{Datelike as _, NaiveDate, Weekday};
use teiki_domain::basket::{Basket, Charge};
use teiki_domain::payment_method::PaymentMethod;

/// A line across.
pub(super) const RULE: &str = "------------------------------------------------";

/// A date as people write it.
pub(super) fn date(day: NaiveDate) -> String {
    let weekday = match day.weekday() {
        Weekday::Mon => '月',
        Weekday::Tue => '火',
        Weekday::Wed => '水',
        Weekday::Thu => '木',
        Weekday::Fri => '金',
        Weekday::Sat => '土',
        Weekday::Sun => '日',
    };
    format!("{}年{}月{}日({weekday})", day.year(), day.month(), day.day())
}

/// How it is paid, by the name the shop gave its card payment (S8).
pub(super) fn method<'a>(method: &'a PaymentMethod, shop: &'a ShopProfile) -> &'a str {
    match method {
        PaymentMethod::Card if shop.payment_name.is_empty() => "クレジットカード",
        PaymentMethod::Card => &shop.payment_name,
        PaymentMethod::External { name } => name,
    }
}

/// Products and amounts.
pub(super) fn basket(basket: &Basket) -> String {
    let mut text = String::from("■ご注文内容\n");
    text.push_str(RULE);
    text.push('\n');
    for line in basket.lines() {
        let reduced = if line.tax_percent == 8 { " ※軽減税率対象" } else { "" };
        let sum = line.unit_price.times(line.quantity).map(|yen| yen.to_string()).unwrap_or_default();
        text.push_str(&format!(" {}{reduced}\n   {} × {} = {sum}\n", line.name, line.unit_price, line.quantity));
    }
    text.push_str(RULE);
    text.push('\n');
    let goods = basket.goods().map(|yen| yen.to_string()).unwrap_or_default();
    text.push_str(&format!(" 商品合計(税込): {goods}\n 送料: {}\n", charge(basket.shipping())));
    if basket.fee() != Charge::Fixed(teiki_domain::money::Yen::ZERO) {
        text.push_str(&format!(" 手数料: {}\n", charge(basket.fee())));
    }
    let total = basket.total().map_or_else(|| "別途ご連絡いたします".to_owned(), |yen| yen.to_string());
    text.push_str(&format!(" 合計(税込): {total}\n"));
    text
}

fn charge(charge: Charge) -> String {
    match charge {
        Charge::Fixed(yen) => yen.to_string(),
        Charge::ToBeQuoted => "別途ご連絡いたします".to_owned(),
    }
}

/// Who to ask: what the shop entered of itself.
pub(super) fn signature(shop: &ShopProfile) -> String {
    const FRAME: &str = "============================================================";
    let lines = [
        shop.name.clone(),
        shop.address.clone(),
        labelled("メール", &shop.mail),
        labelled("電話", &shop.phone),
        shop.site.clone(),
    ];
    let lines: String = lines.iter().filter(|line| !line.is_empty()).map(|line| format!(" {line}\n")).collect();
    format!("【お問い合わせ先】\n{FRAME}\n{lines}{FRAME}\n")
}

fn labelled(label: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{label}: {text}") }
}
