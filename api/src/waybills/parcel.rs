//! One parcel, as every carrier's program wants to know it.

use crate::members::Profile;
use crate::reports::csv_sheet::harmless;
use chrono::NaiveDate;
use teiki_domain::order::Details;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::shop_settings::Details as Shop;
use teiki_domain::tax::by_rate;

/// What cash on delivery is called: the money is the carrier's to collect.
const CASH_ON_DELIVERY: [&str; 3] = ["代金引換", "代引", "コレクト"];

/// One parcel.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    /// Order number.
    pub(super) order_id: String,
    /// The day it leaves.
    pub(super) ship_on: NaiveDate,
    /// The day it is to arrive.
    pub(super) delivery_date: NaiveDate,
    /// To whom.
    pub(super) to: Party,
    /// From whom.
    pub(super) from: Party,
    /// What is in it.
    pub(super) contents: String,
    /// What the carrier collects, and the tax contained in it; none where nothing is to be collected.
    pub(super) collect: Option<(i64, i64)>,
}

/// Somebody with an address.
#[derive(Debug, Clone, Default)]
pub(super) struct Party {
    pub(super) name: String,
    /// Digits and hyphens.
    pub(super) phone: String,
    /// Seven digits, or nothing.
    pub(super) postal_code: String,
    /// Up to the house number.
    pub(super) place: String,
    /// Building and room.
    pub(super) building: String,
}

impl Parcel {
    /// The parcel of an order; none where its amount is still to be quoted and collected.
    pub(super) fn of(details: &Details, profile: &Profile, shop: &Shop, ship_on: NaiveDate) -> Option<Self> {
        let collect = match collects(details) {
            false => None,
            true => {
                let total = details.basket.total()?.get();
                Some((total, by_rate(&details.basket)?.iter().map(|rate| rate.tax.get()).sum()))
            }
        };
        let lines = details.basket.lines();
        let others = lines.len().saturating_sub(1);
        let first = lines.first().map(|line| line.name.as_str()).unwrap_or_default();
        let contents = if others == 0 { first.to_owned() } else { format!("{first} 他{others}点") };
        let postal = &profile.postal;
        let place = format!("{}{}{}", postal.prefecture, postal.city, postal.street);
        Some(Self {
            order_id: details.order_id.to_string(),
            ship_on,
            delivery_date: details.delivery_date,
            to: Party {
                name: text(&profile.name),
                phone: phone(&profile.phone),
                postal_code: postal.digits().unwrap_or_default(),
                place: text(if place.is_empty() { &profile.address } else { &place }),
                building: text(&postal.building),
            },
            from: Party {
                name: text(&shop.name),
                phone: phone(&shop.profile.phone),
                postal_code: shop.profile.postal_code.chars().filter(char::is_ascii_digit).collect(),
                place: text(&shop.profile.address),
                building: String::new(),
            },
            contents: text(&contents),
            collect,
        })
    }
}

/// Whether the carrier collects the money of an order.
pub(super) fn collects(details: &Details) -> bool {
    match &details.payment_method {
        PaymentMethod::Card => false,
        PaymentMethod::External { name } => CASH_ON_DELIVERY.iter().any(|cash| name.contains(cash)),
    }
}

/// A free text that no spreadsheet carries out, should one open the file.
fn text(text: &str) -> String {
    harmless(text.trim()).into_owned()
}

/// A phone number in digits and hyphens, in full-width digits too.
fn phone(text: &str) -> String {
    let half = |c: char| match c {
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
        '－' | 'ー' | '−' | '‐' => '-',
        other => other,
    };
    let digits: String = text.chars().map(half).filter(|c| c.is_ascii_digit() || *c == '-').collect();
    digits.trim_matches('-').to_owned()
}

/// A text over several columns of so many bytes in Windows-31J each. Whatever is left stands in the last one.
pub(super) fn spread<const N: usize>(text: &str, bytes: usize) -> [String; N] {
    let mut columns: [String; N] = std::array::from_fn(|_| String::new());
    let (mut at, mut used) = (0, 0);
    for character in text.chars() {
        let wide = if character.is_ascii() || ('\u{ff61}'..='\u{ff9f}').contains(&character) { 1 } else { 2 };
        if used + wide > bytes && at + 1 < N {
            (at, used) = (at + 1, 0);
        }
        if let Some(column) = columns.get_mut(at) {
            column.push(character);
        }
        used += wide;
    }
    columns
}
