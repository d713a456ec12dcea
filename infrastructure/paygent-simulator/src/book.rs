//! The simulator's memory: cards, payments, tokens, notices and telegrams, packed for hundreds of thousands.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    config::Merchant,
    entries::{Notice, Payment, StoredCard, Telegram, Token, status},
    kind::TelegramKind,
    sandbox::Card,
};

/// `payment_id` of the first payment; the following ones count up.
const FIRST_PAYMENT: u64 = 1_000_000_001;
/// `customer_card_id` of the first stored card; the following ones count up.
const FIRST_STORED_CARD: u64 = 500_000_001;

/// The index of the payment with this `payment_id`, whoever's it is.
pub(crate) fn index_of(payment_id: u64) -> Option<u32> {
    u32::try_from(payment_id.checked_sub(FIRST_PAYMENT)?).ok()
}

/// What belongs to one merchant. The indexes are rebuilt when a ledger is loaded.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct MerchantBook {
    pub(crate) merchant_id: String,
    pub(crate) notices: Vec<Notice>,
    /// How many notices the merchant has fetched (or lost to the purge) by 091 without an id.
    pub(crate) notices_read: usize,
    /// `trading_id` to 1 + index of the newest payment that carries it.
    #[serde(skip)]
    pub(crate) by_trading_id: HashMap<Arc<str>, u32>,
    /// Customer to the indexes of the cards stored and not deleted.
    #[serde(skip)]
    pub(crate) vault: HashMap<Arc<str>, Vec<u32>>,
}

/// Everything the simulator remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) merchants: Vec<MerchantBook>,
    pub(crate) cards: Vec<Card>,
    pub(crate) stored: Vec<StoredCard>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) telegrams: Vec<Telegram>,
    pub(crate) telegram_counts: BTreeMap<TelegramKind, u64>,
    /// When authorisations and cancel periods were last checked for having lapsed.
    pub(crate) swept: i64,
    #[serde(skip)]
    card_index: HashMap<Card, u32>,
}

impl Book {
    /// Whether every index in a loaded book points to something; what comes after relies on it.
    pub(crate) fn is_consistent(&self) -> bool {
        let below = |index: u32, length: usize| (index as usize) < length;
        let merchant = |index: u16| usize::from(index) < self.merchants.len();
        let card = |index: u32| below(index, self.cards.len());
        let payment = |(at, payment): (usize, &Payment)| {
            merchant(payment.merchant)
                && card(payment.card)
                && payment.stored_card as usize <= self.stored.len()
                && payment.base as usize <= at
                && payment.earlier as usize <= at
        };
        self.payments.iter().enumerate().all(payment)
            && self.stored.iter().all(|stored| merchant(stored.merchant) && card(stored.card))
            && self.tokens.values().all(|token| merchant(token.merchant) && card(token.card))
            && self.merchants.iter().all(|known| {
                known.notices_read <= known.notices.len()
                    && known.notices.iter().all(|notice| below(notice.payment, self.payments.len()))
            })
    }

    /// Makes room for every configured merchant and rebuilds the indexes after loading.
    pub(crate) fn prepare(&mut self, merchants: &[Merchant]) {
        for merchant in merchants {
            if !self.merchants.iter().any(|known| known.merchant_id == merchant.merchant_id) {
                let merchant_id = merchant.merchant_id.clone();
                self.merchants.push(MerchantBook { merchant_id, ..MerchantBook::default() });
            }
        }
        self.card_index = self.cards.iter().enumerate().map(|(index, card)| (*card, index as u32)).collect();
        // One allocation per text again: a loaded ledger holds a copy for each mention.
        let mut texts: HashSet<Arc<str>> = HashSet::new();
        let mut share = |text: &mut Arc<str>| match texts.get(text) {
            Some(known) => *text = known.clone(),
            None => drop(texts.insert(text.clone())),
        };
        for (index, payment) in self.payments.iter_mut().enumerate() {
            let Some(trading_id) = &mut payment.trading_id else { continue };
            share(trading_id);
            if let Some(merchant) = self.merchants.get_mut(usize::from(payment.merchant)) {
                merchant.by_trading_id.insert(trading_id.clone(), index as u32 + 1);
            }
        }
        self.telegrams.iter_mut().filter_map(|telegram| telegram.trading_id.as_mut()).for_each(&mut share);
        for (index, stored) in self.stored.iter_mut().enumerate() {
            share(&mut stored.customer);
            if let Some(merchant) = self.merchants.get_mut(usize::from(stored.merchant)).filter(|_| !stored.deleted) {
                merchant.vault.entry(stored.customer.clone()).or_default().push(index as u32);
            }
        }
    }

    /// The index of a configured merchant's part of the book.
    pub(crate) fn merchant_index(&self, merchant_id: &str) -> Option<u16> {
        self.merchants.iter().position(|known| known.merchant_id == merchant_id).map(|index| index as u16)
    }

    /// Keeps each different card once.
    pub(crate) fn intern(&mut self, card: Card) -> u32 {
        *self.card_index.entry(card).or_insert_with(|| {
            self.cards.push(card);
            self.cards.len() as u32 - 1
        })
    }

    pub(crate) fn card(&self, index: u32) -> Card {
        self.cards[index as usize]
    }

    pub(crate) fn payment_id(index: u32) -> u64 {
        FIRST_PAYMENT + u64::from(index)
    }

    pub(crate) fn stored_card_id(index: u32) -> u64 {
        FIRST_STORED_CARD + u64::from(index)
    }

    /// The index of the payment with this `payment_id`, if it is this merchant's.
    pub(crate) fn find_payment(&self, merchant: u16, payment_id: &str) -> Option<u32> {
        let index = index_of(payment_id.parse().ok()?)?;
        self.payments.get(index as usize).filter(|payment| payment.merchant == merchant).map(|_| index)
    }

    /// The indexes of a merchant's payments with this `trading_id`, newest first.
    pub(crate) fn with_trading_id(&self, merchant: u16, trading_id: &str) -> impl Iterator<Item = u32> + '_ {
        let newest = self.merchants[usize::from(merchant)].by_trading_id.get(trading_id).copied().unwrap_or(0);
        std::iter::successors(newest.checked_sub(1), |index| self.payments[*index as usize].earlier.checked_sub(1))
    }

    /// The shared text of a `trading_id`, so that a payment and its telegrams keep it once.
    pub(crate) fn shared_trading_id(&self, merchant: u16, trading_id: &str) -> Arc<str> {
        let known = self.merchants[usize::from(merchant)].by_trading_id.get_key_value(trading_id);
        known.map_or_else(|| Arc::from(trading_id), |(text, _)| text.clone())
    }

    /// Books a new payment and notes its status for 091; returns its index.
    pub(crate) fn add_payment(&mut self, mut payment: Payment, now: DateTime<Utc>) -> u32 {
        let index = self.payments.len() as u32;
        if let Some(trading_id) = &payment.trading_id {
            let newest = &mut self.merchants[usize::from(payment.merchant)].by_trading_id;
            payment.earlier = newest.insert(trading_id.clone(), index + 1).unwrap_or(0);
        }
        let status = payment.status;
        self.payments.push(payment);
        self.notice(index, status, now);
        index
    }

    /// Changes a payment's status, dates the change and notes it for 091.
    pub(crate) fn change_status(&mut self, index: u32, to: u8, now: DateTime<Utc>) {
        let payment = &mut self.payments[index as usize];
        payment.status = to;
        match to {
            status::AUTHORISED => payment.authorised = now.timestamp(),
            status::CLEARED => payment.cleared = now.timestamp(),
            status::CANCELLED | status::SALE_CANCELLED => payment.cancelled = now.timestamp(),
            _ => {}
        }
        self.notice(index, to, now);
    }

    fn notice(&mut self, payment: u32, status: u8, now: DateTime<Utc>) {
        let merchant = self.payments[payment as usize].merchant;
        self.merchants[usize::from(merchant)].notices.push(Notice { at: now.timestamp(), payment, status });
    }

    /// Turns what has lapsed by `now` into status changes with notices; looks at most once an hour.
    pub(crate) fn sweep(&mut self, now: DateTime<Utc>) {
        if (now.timestamp() - self.swept).abs() < 3600 {
            return;
        }
        self.swept = now.timestamp();
        for index in 0..self.payments.len() as u32 {
            let lapsed = self.payments[index as usize].status_at(now);
            if lapsed != self.payments[index as usize].status {
                self.change_status(index, lapsed, now);
            }
        }
    }

    /// The indexes of a customer's stored cards, oldest first.
    pub(crate) fn vault(&self, merchant: u16, customer: &str) -> &[u32] {
        self.merchants[usize::from(merchant)].vault.get(customer).map_or(&[], Vec::as_slice)
    }

    /// The index of one stored card of a customer.
    pub(crate) fn find_stored(&self, merchant: u16, customer: &str, customer_card_id: &str) -> Option<u32> {
        let index = u32::try_from(customer_card_id.parse::<u64>().ok()?.checked_sub(FIRST_STORED_CARD)?).ok()?;
        self.vault(merchant, customer).contains(&index).then_some(index)
    }

    /// Puts a card into a customer's vault; returns its index.
    pub(crate) fn store_card(
        &mut self,
        merchant: u16,
        customer: &str,
        card: u32,
        extra: Option<Box<[String; 5]>>,
    ) -> u32 {
        let index = self.stored.len() as u32;
        let vault = &mut self.merchants[usize::from(merchant)].vault;
        let customer = vault.get_key_value(customer).map_or_else(|| Arc::from(customer), |(text, _)| text.clone());
        vault.entry(customer.clone()).or_default().push(index);
        self.stored.push(StoredCard { merchant, deleted: false, card, last_used: 0, customer, extra });
        index
    }

    /// Takes cards out of a customer's vault.
    pub(crate) fn delete_cards(&mut self, merchant: u16, customer: &str, gone: &[u32]) {
        for index in gone {
            self.stored[*index as usize].deleted = true;
        }
        let vault = &mut self.merchants[usize::from(merchant)].vault;
        if let Some(cards) = vault.get_mut(customer) {
            cards.retain(|index| !gone.contains(index));
            if cards.is_empty() {
                vault.remove(customer);
            }
        }
    }
}
