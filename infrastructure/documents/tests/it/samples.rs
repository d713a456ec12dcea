//! Documents to print.

use chrono::NaiveDate;
use teiki_documents::{Document, Facts, Issuer, MadeOut, Recipient};
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::money::Yen;

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

pub(crate) fn line(name: &str, price: i64, quantity: u32, tax_percent: u8) -> Line {
    Line { product: "C-1".to_owned(), name: name.to_owned(), unit_price: yen(price), quantity, tax_percent }
}

pub(crate) fn basket() -> Basket {
    let lines = vec![
        line("クッキーの定期便", 1_980, 3, 8),
        line("珈琲豆 <深煎り> \"200g\"", 1_620, 1, 10),
        line("図書カード", 1_000, 2, 0),
    ];
    Basket::new(lines, Charge::Fixed(yen(660)), Charge::Fixed(yen(330))).unwrap()
}

/// A document with this letter and count in its number.
pub(crate) fn document(number: &str) -> Document {
    Document {
        number: format!("02396-S00000012-20260401-{number}").parse().unwrap(),
        issued_on: day("2026-04-03"),
        issuer: Issuer {
            name: "株式会社 ていき珈琲".to_owned(),
            registration_number: Some("T1234567890123".to_owned()),
            postal_code: "1000001".to_owned(),
            address: "東京都千代田区千代田1-1 ていきビル3階".to_owned(),
            phone: "03-0000-0000".to_owned(),
            mail: "shop@example.jp".to_owned(),
        },
        recipient: Recipient {
            name: "山田 花子".to_owned(),
            postal_code: "530-0001".to_owned(),
            address: "大阪府大阪市北区梅田3丁目1番3号 ノースゲートビル 1201".to_owned(),
            phone: "06-0000-0000".to_owned(),
            mail: "hanako@example.jp".to_owned(),
        },
        made_out: MadeOut::default(),
        facts: Facts {
            order_id: "02396-S00000012-20260401".to_owned(),
            subscription_id: "02396-S00000012".to_owned(),
            member_id: "02396-M0001".to_owned(),
            ordered_on: day("2026-04-01"),
            delivery_date: day("2026-04-11"),
            payment_method: "クレジットカード".to_owned(),
            by_card: true,
            card_pays: true,
            payment_status: "売上確定".to_owned(),
            transaction_id: Some("02396000000000831705".to_owned()),
            paid_on: Some(day("2026-04-02")),
        },
        basket: basket(),
    }
}

/// A hundred lines, long names among them.
pub(crate) fn long(number: &str) -> Document {
    let lines = (1..=100)
        .map(|i| {
            let name = match i % 7 {
                0 => {
                    "季節の果物とハーブを使った、からだにやさしいクッキーとフィナンシェの詰め合わせ(個包装・化粧箱入り)"
                        .repeat(2)
                }
                3 => format!("Single Origin Coffee Beans No.{i:03} Medium-Dark Roast, whole beans, 200 g × 2"),
                _ => format!("珈琲豆 {i}番"),
            };
            Line { product: format!("K-{i:03}"), ..line(&name, 100 + i64::from(i), i % 5 + 1, [8, 10][i as usize % 2]) }
        })
        .collect();
    let basket = Basket::new(lines, Charge::Fixed(yen(660)), Charge::Fixed(yen(0))).unwrap();
    Document { basket, ..document(number) }
}

/// Hostile and unusual texts wherever there is one.
pub(crate) fn hostile(number: &str) -> Document {
    let text = "<script>alert('x')</script> ) Tj ET \\ (\u{202e}逆さ\u{202c}) 😀한𠮷é 髙﨑 ①㈱ カ\u{3099} ";
    let mut document = document(number);
    document.recipient.name = text.to_owned();
    document.recipient.address = text.repeat(4);
    document.recipient.postal_code = "〒<b>".to_owned();
    (document.made_out.to, document.made_out.for_what) = (text.repeat(2), text.repeat(2));
    document.issuer.name = text.repeat(2);
    document.issuer.address = "W".repeat(300);
    document.facts.payment_method = text.to_owned();
    let lines = vec![line(&text.repeat(2), 100, 1, 8), line(&"長".repeat(200), 9_999, 999, 10)];
    document.basket = Basket::new(lines, Charge::Fixed(yen(0)), Charge::Fixed(yen(0))).unwrap();
    document
}
