//! The four texts every shop must show (S1).

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use crate::history::words_shop::shop_text;
use teiki_domain::shop_settings::{Details, PAGE_TEXT_MAX, ShopSettingsCommand as Command, ShopText};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let english = |text: ShopText| match text {
        ShopText::LegalNotice => "Legal notice",
        ShopText::PrivacyPolicy => "Privacy policy",
        ShopText::MemberTerms => "Member terms",
        ShopText::ShippingGuide => "Shipping guide",
    };
    let field = |text: ShopText| {
        let label = l.t(shop_text(text), english(text));
        Field::new(text.as_str(), label, Kind::Lines(PAGE_TEXT_MAX), shop.text(text))
            .hint(l.t("本文、または https:// で始まるアドレス", "the text, or an address beginning with https://"))
    };
    ShopText::ALL.into_iter().map(field).collect()
}

pub(super) fn commands(read: &mut Reader<'_>, _: &Details) -> Vec<(&'static str, Command)> {
    let command = |page: ShopText| (page.as_str(), Command::ChangeText { page, text: read.lines(page.as_str()) });
    ShopText::ALL.into_iter().map(command).collect()
}
