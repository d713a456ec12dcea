//! Lines, shipping and fee as a form asks for them.

use crate::app::App;
use crate::console::{Form, Frame, Language, Page, written};
use crate::words_subscription as words;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_domain::product::Status;
use teiki_projections::product_list;

/// Most products to choose from.
const PRODUCTS: u32 = 200;

/// One line as typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemRow {
    pub(crate) product: String,
    pub(crate) name: String,
    pub(crate) price: String,
    pub(crate) quantity: String,
    pub(crate) tax: String,
}

/// Shipping or fee as typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChargeField {
    pub(crate) yen: String,
    pub(crate) quoted: bool,
}

/// A product to choose from.
pub(crate) struct Offer {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) price: Yen,
    tax: i64,
}

/// The fields as they stand in the form.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemFields {
    pub(crate) rows: Vec<ItemRow>,
    pub(crate) shipping: ChargeField,
    pub(crate) fee: ChargeField,
    /// Goods and total in words, where they can be told.
    pub(crate) sums: Option<(String, String)>,
}

/// The products that the shop sells.
pub(crate) async fn offers(app: &App, shop: ShopId) -> Result<Vec<Offer>, Page> {
    let page = product_list::page(&app.storage, shop, Some(Status::OnSale), None, PRODUCTS).await?;
    let offers = page.rows.into_iter().filter_map(|row| {
        let code = row.code;
        Some(Offer { code, name: row.name, price: Yen::new(row.unit_price).ok()?, tax: row.tax_percent })
    });
    Ok(offers.collect())
}

impl ChargeField {
    fn of(charge: Charge) -> Self {
        match charge {
            Charge::Fixed(yen) => Self { yen: yen.get().to_string(), quoted: false },
            Charge::ToBeQuoted => Self { yen: String::new(), quoted: true },
        }
    }

    fn read(&self) -> Option<Charge> {
        if self.quoted {
            return Some(Charge::ToBeQuoted);
        }
        // Left empty is not 0 yen: nobody would have said that it costs nothing.
        written::yen(&self.yen).map(Charge::Fixed)
    }
}

impl ItemFields {
    /// Of a new subscription: no product, no fee, and a shipping that somebody has to say.
    pub(crate) fn new() -> Self {
        Self { fee: ChargeField::of(Charge::Fixed(Yen::ZERO)), ..Self::default() }
    }

    /// Fields that ask for what the basket holds.
    pub(crate) fn of(frame: &Frame, basket: &Basket) -> Self {
        let rows = basket.lines().iter().map(|line| ItemRow {
            product: line.product.clone(),
            name: line.name.clone(),
            price: line.unit_price.get().to_string(),
            quantity: line.quantity.to_string(),
            tax: line.tax_percent.to_string(),
        });
        let (shipping, fee) = (ChargeField::of(basket.shipping()), ChargeField::of(basket.fee()));
        Self { rows: rows.collect(), shipping, fee, sums: None }.summed(frame)
    }

    /// What was typed.
    pub(crate) fn typed(form: &Form) -> Self {
        let column = |name: &str| form.all(name);
        let (products, names, prices) = (column("product"), column("name"), column("price"));
        let (quantities, taxes) = (column("quantity"), column("tax"));
        let at = |column: &[&str], i: usize| column.get(i).copied().unwrap_or("").to_owned();
        let rows = (0..products.len()).map(|i| ItemRow {
            product: at(&products, i),
            name: at(&names, i),
            price: at(&prices, i),
            quantity: at(&quantities, i),
            tax: at(&taxes, i),
        });
        let charge =
            |yen: &str, quoted: &str| ChargeField { yen: form.get(yen).to_owned(), quoted: form.ticked(quoted) };
        Self {
            rows: rows.filter(|row| !row.is_empty()).collect(),
            shipping: charge("shipping", "shipping_quoted"),
            fee: charge("fee", "fee_quoted"),
            sums: None,
        }
    }

    /// With the sums, where they can be told.
    pub(crate) fn summed(mut self, frame: &Frame) -> Self {
        self.sums = self.read(frame).ok().map(|basket| {
            let goods = basket.goods().map(|yen| yen.to_string()).unwrap_or_default();
            let quoted = || frame.t("別途連絡", "to be quoted").to_owned();
            (goods, basket.total().map_or_else(quoted, |yen| yen.to_string()))
        });
        self
    }

    /// Adds a product that was chosen.
    pub(crate) fn add(&mut self, offers: &[Offer], code: &str) {
        let offer = offers.iter().find(|offer| offer.code == code);
        self.rows.extend(offer.map(|offer| ItemRow {
            product: offer.code.clone(),
            name: offer.name.clone(),
            price: offer.price.get().to_string(),
            quantity: "1".to_owned(),
            tax: offer.tax.to_string(),
        }));
    }

    /// What is asked for, or what is wrong with it in words. A line with quantity 0 is left out.
    pub(crate) fn read(&self, frame: &Frame) -> Result<Basket, String> {
        let mut lines = vec![];
        for (i, row) in self.rows.iter().enumerate() {
            let wrong = |japanese: &str, english: &str| match frame.language {
                Language::Japanese => format!("{}行目: {japanese}", i + 1),
                Language::English => format!("line {}: {english}", i + 1),
            };
            let quantity = written::number(&row.quantity)
                .ok_or_else(|| wrong("数量を数字で入力してください", "write the quantity in digits"))?;
            if quantity == 0 {
                continue;
            }
            let unit_price = written::yen(&row.price)
                .ok_or_else(|| wrong("単価を円単位の数字で入力してください", "write the price in yen, in digits"))?;
            let tax_percent = row.tax.parse().unwrap_or(u8::MAX);
            lines.push(Line {
                product: row.product.clone(),
                name: row.name.clone(),
                unit_price,
                quantity,
                tax_percent,
            });
        }
        if lines.is_empty() {
            // Said before what it would cost to send nothing.
            let nothing = Charge::Fixed(Yen::ZERO);
            return Basket::new(lines, nothing, nothing).map_err(|error| words::basket_error(frame.language, &error));
        }
        let charge = |field: &ChargeField, japanese: &str, english: &str| {
            field.read().ok_or_else(|| frame.t(japanese, english).to_owned())
        };
        let shipping =
            charge(&self.shipping, "送料を円単位の数字で入力してください", "write the shipping in yen, in digits")?;
        let fee = charge(&self.fee, "手数料を円単位の数字で入力してください", "write the fee in yen, in digits")?;
        Basket::new(lines, shipping, fee).map_err(|error| words::basket_error(frame.language, &error))
    }
}

impl ItemRow {
    fn is_empty(&self) -> bool {
        self.product.is_empty() && self.name.is_empty() && self.price.is_empty()
    }
}
