//! The demonstration's shop, members and subscriptions. Everything here may be repeated.

use super::DemoError;
use super::people::{CYCLES, Fate, MEMBERS, PRODUCTS};
use super::ready::{make_ready, product};
use crate::app::App;
use crate::command_gateway::Because;
use crate::members::{self, Profile};
use crate::payments::CardRegistration;
use crate::shops::secret_context;
use crate::subscriptions::{self, Start};
use chrono::{Datelike as _, Days, Months, NaiveDate};
use paygent_simulator::{Merchant, Simulator, TestCard};
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::business_day::tokyo_midnight;
use teiki_domain::ids::{MemberId, ShopId, SubscriptionId};
use teiki_domain::member::Member;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::{Connection, ShopSettings, ShopSettingsCommand as Settings};
use teiki_infrastructure::redacted::Redacted;

/// Subscriptions of the demonstration.
const SUBSCRIPTIONS: usize = 40;
/// Days between generation and delivery (S16).
const LEAD_DAYS: u16 = 5;

pub(super) fn shop_id() -> Result<ShopId, DemoError> {
    ShopId::new(2396).map_err(DemoError::other)
}

pub(super) fn cash_on_delivery() -> PaymentMethod {
    PaymentMethod::External { name: "代金引換".to_owned() }
}

/// Opens the shop and fills it, as of `first_day`.
pub(super) async fn fill(app: &App, simulator: &Simulator, first_day: NaiveDate) -> Result<(), DemoError> {
    let because = app.gateway.because("demo", "the demonstration sets up its shop");
    settings(app, &because).await?;
    for (i, (name, fate)) in MEMBERS.iter().enumerate() {
        member(app, simulator, first_day, i, name, *fate, &because).await?;
    }
    for i in 0..SUBSCRIPTIONS {
        subscription(app, first_day, i, &because).await?;
    }
    Ok(())
}

async fn settings(app: &App, because: &Because) -> Result<(), DemoError> {
    let shop = shop_id()?;
    let seal =
        |name: &str, secret: &str| app.keys.seal_secret(&secret_context(shop, name), secret).map_err(DemoError::other);
    let merchant = Merchant::demonstration();
    let open = Settings::Open { shop_id: shop, name: "お菓子と暮らしの店 ていき".to_owned() };
    change(app, because, open).await?;
    let known = app.gateway.load::<ShopSettings>(&shop.to_string()).await.map_err(DemoError::other)?.aggregate;
    if known.details().is_some_and(|details| details.connection.is_some()) {
        return Ok(());
    }
    let connection = Connection {
        merchant_id: merchant.merchant_id.clone(),
        connect_id: merchant.connect_id.clone(),
        connect_password: seal("connect_password", &merchant.connect_password)?,
        token_key: seal("token_key", &merchant.token_key)?,
    };
    make_ready(app, shop, LEAD_DAYS, because).await.map_err(DemoError::other)?;
    for (code, name, price, tax_percent) in PRODUCTS {
        product(app, shop, code, name, price, tax_percent, because).await.map_err(DemoError::other)?;
    }
    let goods_max = Yen::new(20_000).map_err(DemoError::other)?;
    for command in [
        Settings::ChangeSaleMode(SaleMode::AuthorizeAndCapture),
        Settings::ChangeUseForSubscriptions(true),
        Settings::ChangeAuthorizeAtGeneration(true),
        Settings::ChangePaymentMethods(vec![PaymentMethod::Card, cash_on_delivery()]),
        Settings::ChangeApplicability { min: None, max: Some(goods_max) },
        Settings::ChangeCardExpiryMails(true),
        // Last, so that an interrupted set-up is done again.
        Settings::ChangeConnection(connection),
    ] {
        change(app, because, command).await?;
    }
    Ok(())
}

pub(super) async fn change(app: &App, because: &Because, command: Settings) -> Result<(), DemoError> {
    let shop = shop_id()?;
    app.gateway.execute::<ShopSettings>(&shop.to_string(), because, command).await.map_err(DemoError::other)?;
    app.shops.forget(shop);
    Ok(())
}

pub(super) fn member_id(i: usize) -> Result<MemberId, DemoError> {
    MemberId::new(shop_id()?, &format!("M{:04}", i + 1)).map_err(DemoError::other)
}

pub(super) fn subscription_id(i: usize) -> Result<SubscriptionId, DemoError> {
    SubscriptionId::new(shop_id()?, &format!("D{:04}", i + 1)).map_err(DemoError::other)
}

async fn member(
    app: &App,
    simulator: &Simulator,
    first_day: NaiveDate,
    i: usize,
    name: &str,
    fate: Fate,
    because: &Because,
) -> Result<(), DemoError> {
    let id = member_id(i)?;
    let profile = Profile {
        name: name.to_owned(),
        mail: format!("m{:04}@example.jp", i + 1),
        phone: format!("03-0000-{:04}", i + 1),
        address: String::new(),
        postal: super::people::address(i),
    };
    members::register(app, &id, &profile, because).await.map_err(DemoError::other)?;
    let known = app.gateway.load::<Member>(id.as_str()).await.map_err(DemoError::other)?;
    if known.aggregate.card().is_some() {
        return Ok(());
    }
    let expiry = match fate {
        Fate::Expired => first_day.checked_sub_months(Months::new(1)),
        Fate::Expiring(months) => first_day.checked_add_months(Months::new(months)),
        _ => first_day.checked_add_months(Months::new(24 + i as u32)),
    };
    let expiry = expiry.ok_or_else(|| DemoError::other("the demonstration lies beyond the calendar"))?;
    // Cards were registered while they were still good.
    let registered = expiry.min(first_day).checked_sub_months(Months::new(2)).unwrap_or(first_day);
    simulator.set_now(tokyo_midnight(registered));
    card(app, simulator, &id, &fate.number(i), expiry, because).await?;
    simulator.set_now(app.clock.now());
    Ok(())
}

/// What happens in a buyer's browser (the token) and then here (the vault).
pub(super) async fn card(
    app: &App,
    simulator: &Simulator,
    member: &MemberId,
    number: &str,
    expiry: NaiveDate,
    because: &Because,
) -> Result<(), DemoError> {
    let (year, month) = (u16::try_from(expiry.year()), u8::try_from(expiry.month()));
    let card = TestCard::new(number, year.map_err(DemoError::other)?, month.map_err(DemoError::other)?);
    let token = simulator.issue_token(&card);
    match app.payments.register_card(member, Redacted::new(token), because).await.map_err(DemoError::other)? {
        CardRegistration::Registered(_) => Ok(()),
        CardRegistration::Failed { code, detail } => {
            Err(DemoError::other(format!("the simulator did not keep a card: {code} {detail}")))
        }
    }
}

async fn subscription(app: &App, first_day: NaiveDate, i: usize, because: &Because) -> Result<(), DemoError> {
    let (product, name, price, tax_percent) = PRODUCTS[i % PRODUCTS.len()];
    let unit_price = Yen::new(price).map_err(DemoError::other)?;
    // One is too dear for the shop's applicability condition (R5-2), one has shipping to be quoted (R5-3).
    let quantity = if i == 33 { 20 } else { 1 + (i % 3) as u32 };
    let shipping = if i == 35 { Charge::ToBeQuoted } else { Charge::Fixed(Yen::new(660).map_err(DemoError::other)?) };
    let fee = Charge::Fixed(Yen::new(if i == 38 { 330 } else { 0 }).map_err(DemoError::other)?);
    let lines = vec![Line { product: product.to_owned(), name: name.to_owned(), unit_price, quantity, tax_percent }];
    let first_delivery = first_day.checked_add_days(Days::new(u64::from(LEAD_DAYS) + (i as u64 * 7) % 28));
    let start = Start {
        subscription_id: Some(subscription_id(i)?),
        member_id: member_id(i % MEMBERS.len())?,
        basket: Basket::new(lines, shipping, fee).map_err(DemoError::other)?,
        payment_method: if i == 38 { cash_on_delivery() } else { PaymentMethod::Card },
        cycle: CYCLES[i % CYCLES.len()].parse().map_err(DemoError::other)?,
        first_delivery: first_delivery.ok_or_else(|| DemoError::other("the demonstration lies beyond the calendar"))?,
    };
    subscriptions::start(app, start, because).await.map_err(DemoError::other)?;
    Ok(())
}
