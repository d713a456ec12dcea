//! Reading what the simulator booked: the judge's view after a crash test.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    book::Book,
    entries::{Delivery, Payment, StoredCard, Telegram},
    kind::TelegramKind,
    shared::Shared,
};

/// Queries over what a simulator booked; each sees the state of that moment.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) shared: Arc<Shared>,
}

/// One payment as the simulator booked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRecord {
    /// The merchant it belongs to.
    pub merchant_id: String,
    /// Paygent's id.
    pub payment_id: String,
    /// The payment this one revises (028, 029).
    pub base_payment_id: Option<String>,
    /// The merchant's transaction id; empty when none was given.
    pub trading_id: String,
    /// `payment_status` at the simulator's present time.
    pub status: u8,
    /// Yen.
    pub amount: u32,
    /// Whether the buyer was authenticated.
    pub three_d_secure: bool,
    /// `payment_class`.
    pub payment_class: u8,
    /// How often a 2003 was retried.
    pub retries: u8,
    /// The stored card's customer, when a stored card paid.
    pub customer_id: Option<String>,
    /// The stored card, when one paid.
    pub customer_card_id: Option<String>,
    /// Asterisks and the last four digits.
    pub masked_card_number: String,
    /// `MMYY`.
    pub card_valid_term: String,
    /// When the telegram came.
    pub initiated_at: DateTime<Utc>,
    /// When it was authorised.
    pub authorised_at: Option<DateTime<Utc>>,
    /// When it was captured.
    pub captured_at: Option<DateTime<Utc>>,
    /// When the authorisation or the sale was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Code of the failed authorisation, empty when it succeeded.
    pub response_code: String,
    /// Detail of the failed authorisation.
    pub response_detail: String,
}

impl PaymentRecord {
    /// Whether a 020 charged or reserved money with this payment, whatever became of it later.
    pub fn is_booked_authorisation(&self) -> bool {
        self.authorised_at.is_some() && self.base_payment_id.is_none()
    }
}

/// One stored card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardRecord {
    /// The merchant it belongs to.
    pub merchant_id: String,
    /// The customer who stored it.
    pub customer_id: String,
    /// Paygent's id of the stored card.
    pub customer_card_id: String,
    /// Asterisks and the last four digits.
    pub masked_card_number: String,
    /// `MMYY`.
    pub card_valid_term: String,
    /// When it last paid.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it has been deleted; payments made with it keep pointing here.
    pub deleted: bool,
}

/// One telegram received, whatever became of its reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TelegramRecord {
    /// When it was processed, on the simulator's clock.
    pub at: DateTime<Utc>,
    /// Its kind.
    pub kind: TelegramKind,
    /// The `trading_id` it carried, if any.
    pub trading_id: Option<String>,
    /// The payment it made or was about.
    pub payment_id: Option<String>,
    /// `response_code`; empty when it was done, or never processed.
    pub response_code: String,
    /// How its reply fared.
    pub delivery: Delivery,
}

/// Counts over the whole ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All payments, failed ones included.
    pub payments: usize,
    /// Payments by status at the simulator's present time.
    pub payments_by_status: BTreeMap<u8, usize>,
    /// Authorisations (020) that were booked, whatever became of them.
    pub authorisations: usize,
    /// How many `trading_id`s were authorised more than once.
    pub doubled_trading_ids: usize,
    /// Sum in yen of payments captured and not refunded.
    pub captured_yen: u64,
    /// Sum in yen of authorisations that are neither captured, cancelled nor lapsed.
    pub held_yen: u64,
    /// Sum in yen of sales that were cancelled, except those that a lower amount took the place of.
    pub refunded_yen: u64,
    /// Stored cards, deleted ones not counted.
    pub cards: usize,
    /// Tokens issued.
    pub tokens: usize,
    /// Telegrams received, by kind.
    pub telegrams: BTreeMap<TelegramKind, u64>,
}

impl Ledger {
    /// All payments with this `trading_id`, oldest first; failed and revised ones included.
    pub fn payments(&self, trading_id: &str) -> Vec<PaymentRecord> {
        let (now, book) = (self.shared.clock.now(), self.shared.book());
        let mut found: Vec<u32> =
            (0..book.merchants.len() as u16).flat_map(|merchant| book.with_trading_id(merchant, trading_id)).collect();
        found.sort_unstable();
        found.into_iter().map(|index| payment_record(&book, index, &book.payments[index as usize], now)).collect()
    }

    /// The payment with this `payment_id`.
    pub fn payment(&self, payment_id: &str) -> Option<PaymentRecord> {
        let (now, book) = (self.shared.clock.now(), self.shared.book());
        let index = crate::book::index_of(payment_id.parse().ok()?)?;
        book.payments.get(index as usize).map(|payment| payment_record(&book, index, payment, now))
    }

    /// Every payment, oldest first.
    pub fn all_payments(&self) -> Vec<PaymentRecord> {
        self.payments_from(0, usize::MAX)
    }

    /// At most `count` payments, oldest first, leaving out the first `skip`.
    pub fn payments_from(&self, skip: usize, count: usize) -> Vec<PaymentRecord> {
        let (now, book) = (self.shared.clock.now(), self.shared.book());
        let chosen = book.payments.iter().enumerate().skip(skip).take(count);
        chosen.map(|(index, payment)| payment_record(&book, index as u32, payment, now)).collect()
    }

    /// How many payments there are, failed ones included.
    pub fn payment_count(&self) -> usize {
        self.shared.book().payments.len()
    }

    /// How many authorisations (020) with this `trading_id` were booked: more than 1 is a double charge.
    pub fn authorisations(&self, trading_id: &str) -> usize {
        self.payments(trading_id).iter().filter(|payment| payment.is_booked_authorisation()).count()
    }

    /// Every `trading_id` that was authorised (020), with how often.
    pub fn authorisations_by_trading_id(&self) -> HashMap<String, usize> {
        let book = self.shared.book();
        let mut counts = HashMap::new();
        for payment in book.payments.iter().filter(|payment| payment.authorised > 0 && payment.base == 0) {
            *counts.entry(payment.trading_id.as_deref().unwrap_or("").to_owned()).or_default() += 1;
        }
        counts
    }

    /// The `trading_id`s authorised more than once, with how often, in order.
    pub fn doubled_trading_ids(&self) -> BTreeMap<String, usize> {
        let counts = self.authorisations_by_trading_id();
        counts.into_iter().filter(|(trading_id, count)| *count > 1 && !trading_id.is_empty()).collect()
    }

    /// Every card ever stored, oldest first.
    pub fn all_cards(&self) -> Vec<CardRecord> {
        let book = self.shared.book();
        book.stored.iter().enumerate().map(|(index, stored)| card_record(&book, index as u32, stored)).collect()
    }

    /// The cards a customer has stored and not deleted.
    pub fn cards(&self, customer_id: &str) -> Vec<CardRecord> {
        let book = self.shared.book();
        let indexes = (0..book.merchants.len() as u16).flat_map(|merchant| book.vault(merchant, customer_id));
        indexes.map(|index| card_record(&book, *index, &book.stored[*index as usize])).collect()
    }

    /// The telegrams that carried this `trading_id`, in the order they were processed. Scans the whole record.
    pub fn telegrams(&self, trading_id: &str) -> Vec<TelegramRecord> {
        let book = self.shared.book();
        let chosen = book.telegrams.iter().filter(|telegram| telegram.trading_id.as_deref() == Some(trading_id));
        chosen.map(telegram_record).collect()
    }

    /// Every telegram of a known kind, in the order they were processed.
    pub fn all_telegrams(&self) -> Vec<TelegramRecord> {
        self.shared.book().telegrams.iter().map(telegram_record).collect()
    }

    /// How many telegrams of this kind have come, counted even when they are not kept.
    pub fn telegram_count(&self, kind: TelegramKind) -> u64 {
        self.shared.book().telegram_counts.get(&kind).copied().unwrap_or(0)
    }

    /// Counts over everything.
    pub fn summary(&self) -> Summary {
        let doubled_trading_ids = self.doubled_trading_ids().len();
        let (now, book) = (self.shared.clock.now(), self.shared.book());
        let mut payments_by_status = BTreeMap::new();
        let (mut authorisations, mut captured_yen, mut held_yen, mut refunded_yen) = (0, 0, 0, 0);
        let revised: std::collections::HashSet<u32> =
            book.payments.iter().filter_map(|payment| payment.base.checked_sub(1)).collect();
        for (index, payment) in (0..).zip(&book.payments) {
            let status = payment.status_at(now);
            *payments_by_status.entry(status).or_default() += 1;
            authorisations += usize::from(payment.authorised > 0 && payment.base == 0);
            match status {
                20 => held_yen += u64::from(payment.amount),
                40 | 41 => captured_yen += u64::from(payment.amount),
                60 if !revised.contains(&index) => refunded_yen += u64::from(payment.amount),
                _ => {}
            }
        }
        Summary {
            payments: book.payments.len(),
            payments_by_status,
            authorisations,
            doubled_trading_ids,
            captured_yen,
            held_yen,
            refunded_yen,
            cards: book.stored.iter().filter(|stored| !stored.deleted).count(),
            tokens: book.tokens.len(),
            telegrams: book.telegram_counts.clone(),
        }
    }
}

fn merchant_id(book: &Book, merchant: u16) -> String {
    book.merchants.get(usize::from(merchant)).map(|known| known.merchant_id.clone()).unwrap_or_default()
}

fn moment(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0).filter(|_| seconds > 0)
}

fn payment_record(book: &Book, index: u32, payment: &Payment, now: DateTime<Utc>) -> PaymentRecord {
    let stored = payment.stored_card.checked_sub(1);
    let card = book.card(payment.card);
    let (response_code, response_detail) = payment.failure.as_deref().cloned().unwrap_or_default();
    PaymentRecord {
        merchant_id: merchant_id(book, payment.merchant),
        payment_id: Book::payment_id(index).to_string(),
        base_payment_id: payment.base.checked_sub(1).map(|base| Book::payment_id(base).to_string()),
        trading_id: payment.trading_id.as_deref().unwrap_or("").to_owned(),
        status: payment.status_at(now),
        amount: payment.amount,
        three_d_secure: payment.three_d_secure,
        payment_class: payment.class,
        retries: payment.retries,
        customer_id: stored.map(|stored| book.stored[stored as usize].customer.to_string()),
        customer_card_id: stored.map(|stored| Book::stored_card_id(stored).to_string()),
        masked_card_number: card.masked(),
        card_valid_term: card.valid_term(),
        initiated_at: moment(payment.initiated).unwrap_or_default(),
        authorised_at: moment(payment.authorised),
        captured_at: moment(payment.cleared),
        cancelled_at: moment(payment.cancelled),
        response_code,
        response_detail,
    }
}

fn card_record(book: &Book, index: u32, stored: &StoredCard) -> CardRecord {
    let card = book.card(stored.card);
    CardRecord {
        merchant_id: merchant_id(book, stored.merchant),
        customer_id: stored.customer.to_string(),
        customer_card_id: Book::stored_card_id(index).to_string(),
        masked_card_number: card.masked(),
        card_valid_term: card.valid_term(),
        last_used_at: moment(stored.last_used),
        deleted: stored.deleted,
    }
}

fn telegram_record(telegram: &Telegram) -> TelegramRecord {
    let code = telegram.code.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    TelegramRecord {
        at: moment(telegram.at).unwrap_or_default(),
        kind: telegram.kind,
        trading_id: telegram.trading_id.as_deref().map(str::to_owned),
        payment_id: telegram.payment.checked_sub(1).map(|index| Book::payment_id(index).to_string()),
        response_code: code,
        delivery: telegram.delivery,
    }
}
