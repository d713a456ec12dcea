//! カート画面 (S18) and 会員マイページ (S1).

use super::super::field::{Field, Kind};
use super::super::reader::Reader;
use crate::console::Language;
use teiki_domain::shop_settings::{
    COMMENT_MAX, CartDesign, CartTexts, Details, Logo, MyPage, ShopSettingsCommand as Command,
};

pub(super) fn fields(shop: &Details, l: Language) -> Vec<Field> {
    let texts = shop.cart_texts.clone().unwrap_or_default();
    let comment = shop.my_page.clone().unwrap_or_default().comment;
    let (image, alt) = shop.cart_design.logo.clone().map(|logo| (logo.image, logo.alt)).unwrap_or_default();
    let lines = Kind::Lines(COMMENT_MAX);
    vec![
        Field::new(
            "cart_upper",
            l.t("Step0 カゴの中身: 上部コメント", "Step 0: upper comment"),
            lines.clone(),
            texts.cart_upper,
        )
        .under(l.t("カート画面のコメント", "Comments of the cart's pages")),
        Field::new(
            "cart_lower",
            l.t("Step0 カゴの中身: 下部コメント", "Step 0: lower comment"),
            lines.clone(),
            texts.cart_lower,
        ),
        Field::new(
            "steps_upper",
            l.t("Step1〜3: 上部コメント", "Steps 1-3: upper comment"),
            lines.clone(),
            texts.steps_upper,
        ),
        Field::new("done", l.t("Step4 完了画面: コメント", "Step 4: comment"), lines.clone(), texts.done),
        Field::new("main_color", l.t("基本色", "Main colour"), Kind::Color, shop.cart_design.main_color.clone())
            .under(l.t("基本デザイン", "Basic design")),
        Field::new(
            "background_color",
            l.t("背景色", "Background"),
            Kind::Color,
            shop.cart_design.background_color.clone(),
        ),
        Field::new("image", l.t("店舗ロゴのアドレス", "Address of the shop's logo"), Kind::Line(500), image).hint(
            l.t("https:// で始まるアドレス。空にするとロゴは表示されません", "begins with https://; empty: no logo"),
        ),
        Field::new("alt", l.t("店舗ロゴの説明(ALT)", "ALT text of the logo"), Kind::Line(100), alt),
        Field::new("comment", l.t("マイページの上部コメント", "Comment on the my-page"), lines, comment)
            .under(l.t("会員マイページ", "My-page")),
    ]
}

pub(super) fn commands(read: &mut Reader<'_>, _: &Details) -> Vec<(&'static str, Command)> {
    let [cart_upper, cart_lower, steps_upper, done] =
        ["cart_upper", "cart_lower", "steps_upper", "done"].map(|field| read.lines(field));
    let design = CartDesign {
        main_color: read.line("main_color"),
        background_color: read.line("background_color"),
        logo: read.line_or_none("image").map(|image| Logo { image, alt: read.line("alt") }),
    };
    vec![
        ("cart_upper", Command::ChangeCartTexts(CartTexts { cart_upper, cart_lower, steps_upper, done })),
        ("main_color", Command::ChangeCartDesign(design)),
        ("comment", Command::ChangeMyPage(MyPage { comment: read.lines("comment") })),
    ]
}
