//! 店舗情報: name and contact, mails, invoices, waybills.

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use crate::history::words_shop::carrier_name;
use teiki_domain::shop_settings::{
    Details, InvoiceIssuer, MailSender, ShopProfile, ShopSettingsCommand as Command, WaybillCarrier,
};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let profile = shop.profile.clone();
    let english = |carrier: WaybillCarrier| match carrier {
        WaybillCarrier::Yamato => "Yamato",
        WaybillCarrier::Sagawa => "Sagawa",
        WaybillCarrier::JapanPost => "Japan Post",
    };
    let mut carriers = vec![("", l.t("選択してください", "choose"))];
    carriers
        .extend(WaybillCarrier::ALL.map(|carrier| (carrier.as_str(), l.t(carrier_name(carrier), english(carrier)))));
    let carrier = shop.waybill_carrier.map_or("", WaybillCarrier::as_str);
    vec![
        Field::new("name", l.t("店舗名", "Name"), Kind::Line(200), shop.name.clone())
            .under(l.t("店舗情報", "Shop"))
            .hint(l.t("購入者に表示する名称", "as buyers read it")),
        Field::new("postal_code", l.t("郵便番号", "Postal code"), Kind::Line(8), profile.postal_code),
        Field::new("address", l.t("住所", "Address"), Kind::Line(200), profile.address),
        Field::new("phone", l.t("電話番号", "Phone"), Kind::Line(20), profile.phone),
        Field::new("mail", l.t("メールアドレス", "Mail address"), Kind::Line(254), profile.mail)
            .hint(l.t("購入者からの返信と、店舗への通知の宛先", "where buyers reply and notices go")),
        Field::new("site_url", l.t("サイトのアドレス", "Address of the site"), Kind::Line(500), profile.site_url),
        Field::new(
            "my_page_url",
            l.t("会員マイページのアドレス", "Address of the my-page"),
            Kind::Line(500),
            profile.my_page_url,
        ),
        Field::new(
            "from_name",
            l.t("差出人名", "Sender's name"),
            Kind::Line(60),
            shop.mail_sender.from_name.clone().unwrap_or_default(),
        )
        .under(l.t("メール", "Mails"))
        .hint(l.t("空のときは店舗名", "empty: the shop's name")),
        Field::new(
            "copies",
            l.t("控えの送り先(1行に1つ)", "Copies go to (one a line)"),
            Kind::Lines(2_600),
            shop.mail_sender.copies.join("\n"),
        )
        .hint(l.t("定期購入受注通知メールなど。空のときは店舗のメールアドレス", "empty: the shop's mail address")),
        Field::new("issuer_name", l.t("発行者名", "Issuer"), Kind::Line(100), shop.invoice_issuer.issuer_name.clone())
            .under(l.t("請求書・領収書", "Invoices and receipts"))
            .hint(l.t("空のときは店舗名", "empty: the shop's name")),
        Field::new(
            "registration_number",
            l.t("適格請求書発行事業者の登録番号", "Registration number"),
            Kind::Line(14),
            shop.invoice_issuer.registration_number.clone().unwrap_or_default(),
        )
        .hint(l.t("T と 13 桁の数字。登録していないときは空", "T and 13 digits; empty: none")),
        Field::new("carrier", l.t("送り状の運送会社", "Carrier of waybills"), Kind::Choice(carriers), carrier)
            .under(l.t("送り状", "Waybills")),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, _: &Details) -> Vec<(&'static str, Command)> {
    let profile = ShopProfile {
        postal_code: read.line("postal_code"),
        address: read.line("address"),
        phone: read.line("phone"),
        mail: read.line("mail"),
        site_url: read.line("site_url"),
        my_page_url: read.line("my_page_url"),
    };
    let sender = MailSender { from_name: read.line_or_none("from_name"), copies: read.list("copies") };
    let issuer = InvoiceIssuer {
        issuer_name: read.line("issuer_name"),
        registration_number: read.line_or_none("registration_number"),
    };
    let mut commands = vec![
        ("name", Command::Rename(read.line("name"))),
        ("address", Command::ChangeProfile(profile)),
        ("from_name", Command::ChangeMailSender(sender)),
        ("issuer_name", Command::ChangeInvoiceIssuer(issuer)),
    ];
    let carrier = read.line("carrier");
    if !carrier.is_empty() {
        match WaybillCarrier::ALL.into_iter().find(|known| known.as_str() == carrier) {
            Some(carrier) => commands.push(("carrier", Command::ChangeWaybillCarrier(carrier))),
            None => read.fail("carrier", "いずれかを選択してください", "choose one of them"),
        }
    }
    commands
}
