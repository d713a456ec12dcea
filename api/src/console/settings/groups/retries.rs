//! 再オーソリ: when failed authorisations are tried again by themselves.

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::{Details, ShopSettingsCommand as Command};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let ladder: Vec<_> = shop.retry_policy.ladder.iter().map(ToString::to_string).collect();
    vec![
        Field::new(
            "ladder",
            l.t("再オーソリする日(初回から何日後)", "Days after the first attempt"),
            Kind::Line(60),
            ladder.join(", "),
        )
        .hint(l.t(
            "例: 1, 3, 7。1〜60 を小さい順に10個まで。空のときは自動では行いません",
            "such as 1, 3, 7; empty: never by itself",
        )),
        Field::switch(
            "on_card_change",
            l.t("会員がカードを変更したら、すぐに1回再オーソリする", "Once at once when a member changes the card"),
            shop.retry_policy.on_card_change,
        ),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, _: &Details) -> Vec<(&'static str, Command)> {
    let typed = read.line("ladder");
    let steps = typed.split([',', '、', '，', ' ', '　']).map(str::trim).filter(|step| !step.is_empty());
    let ladder: Result<Vec<u16>, _> = steps.map(str::parse).collect();
    let Ok(ladder) = ladder else {
        read.fail("ladder", "日数を 1, 3, 7 のように入力してください", "write the days as 1, 3, 7");
        return vec![];
    };
    let policy = RetryPolicy { ladder, on_card_change: read.switch("on_card_change") };
    vec![("ladder", Command::ChangeRetryPolicy(policy))]
}
