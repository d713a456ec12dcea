//! 同時売上フラグ ⑤ (S4), and for how long an authorisation is used.

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::{Details, ShopSettingsCommand as Command};

const ONLY: &str = "authorize_only";
const CAPTURE: &str = "authorize_and_capture";

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let modes = vec![
        (ONLY, l.t("オーソリのみ(売上確定処理が必要)", "authorise only (sales are confirmed later)")),
        (CAPTURE, l.t("オーソリ+売上(売上確定処理は不要)", "authorise and capture")),
    ];
    let mode = match shop.sale_mode {
        SaleMode::AuthorizeOnly => ONLY,
        SaleMode::AuthorizeAndCapture => CAPTURE,
    };
    vec![
        Field::new("sale_mode", l.t("⑤ 同時売上フラグ", "⑤ Sale mode"), Kind::Choice(modes), mode).hint(l.t(
            "通常購入と定期購入で共通です。頻繁に変更すると、売上確定の要・不要が混在します",
            "one flag for subscriptions and one-off purchases",
        )),
        Field::new(
            "validity_days",
            l.t("オーソリを利用する日数", "Days an authorisation is used"),
            Kind::Number(l.t("日", "days")),
            shop.validity_days.to_string(),
        )
        .hint(l.t("1〜60。過ぎると売上確定できません", "1 to 60; not captured afterwards"))
        .under(l.t("オーソリの有効期間", "Validity of authorisations")),
        Field::new(
            "validity_warn_days",
            l.t("警告を始める日", "Warn from"),
            Kind::Number(l.t("日前", "days before its end")),
            shop.validity_warn_days.to_string(),
        ),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, shop: &Details) -> Vec<(&'static str, Command)> {
    let mode = match read.line("sale_mode").as_str() {
        ONLY => SaleMode::AuthorizeOnly,
        CAPTURE => SaleMode::AuthorizeAndCapture,
        _ => {
            read.fail("sale_mode", "どちらかを選択してください", "choose one of them");
            shop.sale_mode
        }
    };
    let mut commands = vec![("sale_mode", Command::ChangeSaleMode(mode))];
    let (days, warn_days) = (read.number("validity_days"), read.number("validity_warn_days"));
    if let (Some(days), Some(warn_days)) = (days, warn_days) {
        commands.push(("validity_days", Command::ChangeAuthorizationValidity { days, warn_days }));
    }
    commands
}
