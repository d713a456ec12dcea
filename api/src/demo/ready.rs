//! A shop from which nothing is missing (S1), for the demonstration and for tests.

use crate::app::{App, AppError};
use crate::command_gateway::Because;
use teiki_domain::ids::{ProductId, ShopId};
use teiki_domain::money::Yen;
use teiki_domain::product::{Content, Product, ProductCommand};
use teiki_domain::shop_settings::{
    CartTexts, ContractOptions, MyPage, ShopProfile, ShopSettings, ShopSettingsCommand as Settings, ShopText,
};

/// What a shop is set to beside its connection, payment methods and switches, with nothing left out.
fn settings(lead_days: u16) -> Vec<Settings> {
    let profile = ShopProfile {
        postal_code: "100-0001".to_owned(),
        address: "東京都千代田区千代田1-1".to_owned(),
        phone: "03-0000-0000".to_owned(),
        mail: "shop@example.jp".to_owned(),
        site_url: "https://shop.example.jp/".to_owned(),
        my_page_url: "https://shop.example.jp/my".to_owned(),
    };
    let options = ContractOptions { subscriptions: true, card_vault: true, three_d_secure: false };
    let cycles = ["months:1:1", "months:1:15", "weeks:2:fri", "days:30"];
    let text = |page, text: &str| Settings::ChangeText { page, text: text.to_owned() };
    vec![
        Settings::ChangeProfile(profile),
        Settings::ChangeContractOptions(options),
        Settings::ChangeCardLinking(true),
        Settings::ConfirmNormalPurchase(true),
        text(ShopText::LegalNotice, "販売業者、所在地、電話番号、返品の条件などをここに表示します。"),
        text(ShopText::PrivacyPolicy, "お預かりした個人情報は、商品のお届けとご連絡にのみ使用します。"),
        text(ShopText::MemberTerms, "定期購入は、会員マイページまたはお電話でいつでも終了できます。"),
        text(ShopText::ShippingGuide, "送料は全国一律 660円(税込)です。"),
        Settings::ChangeDeliveryCycles(cycles.iter().filter_map(|cycle| cycle.parse().ok()).collect()),
        Settings::ChangeLeadTime(lead_days),
        Settings::ChangeCartTexts(CartTexts::default()),
        Settings::ChangeMyPage(MyPage::default()),
    ]
}

/// Sets what a shop needs before it may sell subscriptions, beside its connection, payment methods and switches, and
/// puts one product on sale. May be repeated.
///
/// # Errors
/// When the store is out of reach, or the tables do not follow.
pub async fn make_ready(app: &App, shop: ShopId, lead_days: u16, because: &Because) -> Result<(), AppError> {
    let failed = |error: &dyn std::fmt::Display| AppError::SetUp(error.to_string());
    for command in settings(lead_days) {
        let done = app.gateway.execute::<ShopSettings>(&shop.to_string(), because, command).await;
        done.map_err(|error| failed(&error))?;
    }
    app.shops.forget(shop);
    product(app, shop, "READY-1", "お試しセット", 1_000, 8, because).await?;
    app.settle().await?;
    Ok(())
}

/// Puts a product on sale.
///
/// # Errors
/// When the store is out of reach.
pub(super) async fn product(
    app: &App,
    shop: ShopId,
    code: &str,
    name: &str,
    price: i64,
    tax_percent: u8,
    because: &Because,
) -> Result<(), AppError> {
    let failed = |error: &dyn std::fmt::Display| AppError::SetUp(error.to_string());
    let product_id: ProductId = format!("{shop}-{code}").parse().map_err(|error| failed(&error))?;
    let unit_price = Yen::new(price).map_err(|error| failed(&error))?;
    let content = Content { name: name.to_owned(), unit_price, tax_percent };
    let id = product_id.to_string();
    let done = app.gateway.execute::<Product>(&id, because, ProductCommand::Register { product_id, content }).await;
    done.map_err(|error| failed(&error))?;
    Ok(())
}
