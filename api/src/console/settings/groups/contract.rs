//! 契約: options on record, period (S1, S17), and the normal purchase that somebody tried.

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::shop_settings::{ContractOptions, Details, ShopSettingsCommand as Command};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let options = shop.contract_options;
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    vec![
        Field::switch("option_subscriptions", l.t("定期購入で利用できる契約", "Subscriptions"), options.subscriptions)
            .under(l.t("契約内容", "Contract options"))
            .hint(l.t("ペイジェントへ確認のうえ、契約があるものを選びます", "ask Paygent, then tick what there is")),
        Field::switch("card_vault", l.t("カードお預かり機能", "Card vault"), options.card_vault),
        Field::switch(
            "three_d_secure",
            l.t("3Dセキュア 2.0 の導入オプション", "3-D Secure 2.0"),
            options.three_d_secure,
        ),
        Field::new("contract_start", l.t("契約開始日", "First day"), Kind::Day, day(shop.contract_start))
            .under(l.t("契約期間", "Contract period"))
            .hint(l.t("空のときは制限なし", "empty: open")),
        Field::new("contract_end", l.t("契約終了日", "Last day"), Kind::Day, day(shop.contract_end))
            .hint(l.t("空のときは制限なし", "empty: open")),
        Field::switch(
            "normal_purchase",
            l.t("通常購入を試し、購入できることを確認した", "A normal purchase was tried and works"),
            shop.normal_purchase_works,
        )
        .under(l.t("通常購入の確認", "Normal purchase")),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, _: &Details) -> Vec<(&'static str, Command)> {
    let options = ContractOptions {
        subscriptions: read.switch("option_subscriptions"),
        card_vault: read.switch("card_vault"),
        three_d_secure: read.switch("three_d_secure"),
    };
    let (start, end) = (read.day("contract_start"), read.day("contract_end"));
    vec![
        ("card_vault", Command::ChangeContractOptions(options)),
        ("contract_start", Command::ChangeContractPeriod { start, end }),
        ("normal_purchase", Command::ConfirmNormalPurchase(read.switch("normal_purchase"))),
    ]
}
