//! 支払方法: ⑥⑦ instalments (S5), ⑬ name (S8), ⑭ applicability (S9), ⑮ notes (S10), ⑯ logo (S11).

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::money::Yen;
use teiki_domain::shop_settings::{COMMENT_MAX, Details, Logo, PaymentNotes, ShopSettingsCommand as Command};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let yen = |yen: Option<Yen>| yen.map(|yen| yen.get().to_string()).unwrap_or_default();
    let (allowed, note) = shop.instalments.clone();
    let (image, alt) = shop.payment_logo.clone().map(|logo| (logo.image, logo.alt)).unwrap_or_default();
    let instalments = vec![("", l.t("一括のみ", "lump sum only")), ("1", l.t("分割あり", "instalments allowed"))];
    vec![
        Field::new(
            "instalments",
            l.t("⑥ 支払回数", "⑥ Instalments"),
            Kind::Choice(instalments),
            if allowed { "1" } else { "" },
        )
        .hint(l.t("定期購入は常に1回払いです", "subscriptions are always one single payment"))
        .under(l.t("支払回数(通常購入)", "Instalments of one-off purchases")),
        Field::new("note", l.t("⑦ 支払回数欄の注意書き", "⑦ Note beside the field"), Kind::Line(500), note)
            .hint(l.t("例: 定期購入を利用するときは1回払いの一択になります", "shown beside the field")),
        Field::new(
            "display_name",
            l.t("⑬ 支払方法の名称", "⑬ Display name"),
            Kind::Line(60),
            shop.display_name.clone(),
        )
        .hint(l.t("支払方法画面とサンクスメールに表示します", "shown on the payment page and in the thanks mail"))
        .under(l.t("名称", "Name")),
        Field::new(
            "goods_min",
            l.t("⑭ 商品金額の下限", "⑭ Smallest goods amount"),
            Kind::Number(l.t("円", "yen")),
            yen(shop.goods_min),
        )
        .hint(l.t(
            "空のときは制限なし。範囲外の定期購入は、次回のオーソリが実行されません",
            "empty: none; outside the range nothing is authorised",
        ))
        .under(l.t("適用条件", "Applicability")),
        Field::new(
            "goods_max",
            l.t("⑭ 商品金額の上限", "⑭ Largest goods amount"),
            Kind::Number(l.t("円", "yen")),
            yen(shop.goods_max),
        )
        .hint(l.t("空のときは制限なし", "empty: none")),
        Field::new("notes", l.t("⑮ 注意書き", "⑮ Notes"), Kind::Lines(COMMENT_MAX), shop.payment_notes.text.clone())
            .hint(
                l.t("確認画面には必ず表示されます(特商法に基づき外せません)", "the confirmation page always shows it"),
            )
            .under(l.t("注意書き", "Notes")),
        Field::switch(
            "on_payment_page",
            l.t("支払方法画面にも表示する", "Also on the payment page"),
            shop.payment_notes.on_payment_page,
        ),
        Field::switch(
            "in_thanks_mail",
            l.t("サンクスメールにも入れる(通常購入・定期購入共通)", "Also in the thanks mails"),
            shop.payment_notes.in_thanks_mail,
        ),
        Field::new("image", l.t("⑯ ロゴ画像のアドレス", "⑯ Address of the logo"), Kind::Line(500), image)
            .hint(l.t(
                "https:// で始まるアドレス。空にすると画像とALTの両方が消えます",
                "begins with https://; empty clears image and text",
            ))
            .under(l.t("決済サービスロゴ", "Payment logo")),
        Field::new("alt", l.t("⑯ ロゴの説明(ALT)", "⑯ ALT text"), Kind::Line(100), alt),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, _: &Details) -> Vec<(&'static str, Command)> {
    let notes = PaymentNotes {
        text: read.lines("notes"),
        on_payment_page: read.switch("on_payment_page"),
        in_thanks_mail: read.switch("in_thanks_mail"),
    };
    let logo = read.line_or_none("image").map(|image| Logo { image, alt: read.line("alt") });
    let (min, max) = (read.yen("goods_min"), read.yen("goods_max"));
    vec![
        ("note", Command::ChangeInstalments { allowed: read.switch("instalments"), note: read.line("note") }),
        ("display_name", Command::ChangeDisplayName(read.line("display_name"))),
        ("goods_min", Command::ChangeApplicability { min, max }),
        ("notes", Command::ChangePaymentNotes(notes)),
        ("image", Command::ChangePaymentLogo(logo)),
    ]
}
