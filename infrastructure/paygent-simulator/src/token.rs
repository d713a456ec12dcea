//! Card tokens: what a browser obtains for a card number.

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use rand::{Rng, distr::Alphanumeric};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    book::Book, clock::to_seconds, config::Merchant, entries::Token, sandbox::Card, shared::Shared, telegram::Request,
};

/// Where browsers ask for tokens; the only path that needs no client certificate.
pub(crate) const PATH: &str = "/n/token/request";

/// A card as a buyer types it. Its last four digits decide what the sandbox does with it.
#[derive(Clone, Serialize, Deserialize)]
pub struct TestCard {
    /// The number, digits only.
    pub number: String,
    /// Year of expiry, with two or four digits (2030 and 30 are the same).
    pub expire_year: u16,
    /// Month of expiry, 1 to 12.
    pub expire_month: u8,
    /// The security code; it may be empty.
    #[serde(default)]
    pub cvc: String,
    /// The name on the card; it may be empty.
    #[serde(default)]
    pub name: String,
}

impl TestCard {
    /// A card with this number and expiry, a security code and a name.
    pub fn new(number: impl Into<String>, expire_year: u16, expire_month: u8) -> Self {
        Self { number: number.into(), expire_year, expire_month, cvc: "123".into(), name: "TARO TEIKI".into() }
    }

    /// A VISA card with these last four digits, which choose what happens to it; it expires in December 2035.
    pub fn ending(last_four: &str) -> Self {
        Self::new(format!("490000000000{last_four}"), 2035, 12)
    }

    /// A VISA card with which everything works; it expires in December 2035.
    pub fn working() -> Self {
        Self::ending("1000")
    }

    pub(crate) fn card(&self) -> Option<Card> {
        Card::new(&self.number, (self.expire_year % 100) as u8, self.expire_month)
    }
}

impl fmt::Debug for TestCard {
    /// Shows the last four digits and the expiry only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.number.len().saturating_sub(4);
        f.debug_struct("TestCard")
            .field("last_four", &self.number.get(start..))
            .field("expire_year", &self.expire_year)
            .field("expire_month", &self.expire_month)
            .finish_non_exhaustive()
    }
}

/// Makes a token for a card without asking whether a browser would have been given one.
pub(crate) fn issue(book: &mut Book, merchant: u16, card: Card, valid_until: DateTime<Utc>) -> String {
    let random: String = rand::rng().sample_iter(Alphanumeric).take(26).map(char::from).collect();
    let token = format!("tok_{random}");
    let card = book.intern(card);
    let kept = Token { merchant, used: false, card, valid_until: valid_until.timestamp() };
    book.tokens.insert(token.clone(), kept);
    token
}

/// Answers a token request with the JSON that the browser's script hands to its callback.
pub(crate) fn reply(shared: &Shared, request: &Request) -> serde_json::Value {
    let now = shared.clock.now();
    let (config, mut book) = (&shared.config, shared.book());
    match create(&mut book, &config.merchants, request, now, config.token_lifetime) {
        Ok(done) => done,
        Err(code) => serde_json::json!({ "result": code }),
    }
}

fn create(
    book: &mut Book,
    merchants: &[Merchant],
    request: &Request,
    now: DateTime<Utc>,
    lifetime: Duration,
) -> Result<serde_json::Value, &'static str> {
    let merchant_id = request.get("merchant_id").ok_or("1100")?;
    let key = request.get("token_generate_key").ok_or("1200")?;
    let contract = merchants.iter().find(|known| known.merchant_id == merchant_id).ok_or("1100")?;
    let merchant = book.merchant_index(merchant_id).ok_or("1100")?;
    if contract.token_key != key {
        return Err("1201");
    }
    let card = typed_card(request, now)?;
    let valid_until = now + lifetime;
    let token = issue(book, merchant, card, valid_until);
    let (masked, until, fingerprint) = (card.masked(), to_seconds(valid_until), card.fingerprint());
    let hash = Sha256::digest(format!("{token}{masked}{until}{fingerprint}{}", contract.token_receipt_key));
    Ok(serde_json::json!({
        "result": "0000",
        "tokenizedCardObject": {
            "token": token,
            "masked_card_number": masked,
            "valid_until": until,
            "fingerprint": fingerprint,
        },
        "hc": hex::encode(hash),
    }))
}

fn typed_card(request: &Request, now: DateTime<Utc>) -> Result<Card, &'static str> {
    let digits = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let number = request.get("card_number").ok_or("1300")?;
    if !digits(number, 13, 16) {
        return Err("1301");
    }
    let year = request.get("card_expire_year").ok_or("1400")?;
    if !digits(year, 2, 2) {
        return Err("1401");
    }
    let month = request.get("card_expire_month").ok_or("1500")?;
    if !digits(month, 1, 2) {
        return Err("1501");
    }
    if request.get("card_cvc").is_some_and(|cvc| !digits(cvc, 3, 4)) {
        return Err("1601");
    }
    if request.get("card_name").is_some_and(|name| name.len() > 64) {
        return Err("1700");
    }
    let (Ok(year), Ok(month)) = (year.parse(), month.parse()) else { return Err("1502") };
    let card = Card::new(number, year, month).ok_or("1502")?;
    if (0..=240).contains(&card.months_left(now)) { Ok(card) } else { Err("1502") }
}
