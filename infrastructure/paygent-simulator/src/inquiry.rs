//! 094: what became of a payment. 091: what changed, one record a call.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{
    book::{Book, MerchantBook},
    clock::to_seconds,
    context::{Context, bank, describe},
    entries::Payment,
    refusal::Refusal,
    telegram::{Reply, Request},
};

/// Notices that were not fetched are thrown away after this time.
const NOTICES_KEPT: TimeDelta = TimeDelta::days(7);

/// 094: the state of one payment.
pub(crate) fn inquire(book: &Book, context: &Context<'_>, request: &Request) -> Result<(Reply, u32), Refusal> {
    request.digits("payment_id", 18)?;
    // Payments of other types never exist here.
    if request.digits("payment_type", 2)?.is_some_and(|payment_type| payment_type != "02") {
        return Err(Refusal::code("13001"));
    }
    let index = context.payment(book, request, "13001", "13002")?;
    let payment = &book.payments[index as usize];
    let reply = facts(Reply::done(), book, index, payment, payment.status_at(context.now));
    let reply = reply
        .with("authorized_date", date(payment.authorised))
        .with("joho_code", "")
        .with("payment_class", payment.class.to_string());
    Ok((reply, index))
}

/// 091: the next record that was not fetched yet, or the one asked for by its id.
pub(crate) fn differences(book: &mut Book, context: &Context<'_>, request: &Request) -> Result<Reply, Refusal> {
    let wanted = request.digits("payment_notice_id", 18)?;
    book.sweep(context.now);
    let oldest = (context.now - NOTICES_KEPT).timestamp();
    let merchant = &mut book.merchants[usize::from(context.merchant)];
    let (position, purged) = match wanted {
        Some(id) => (id.parse::<usize>().ok().and_then(|id| id.checked_sub(1)), false),
        None => {
            let unread = &merchant.notices[merchant.notices_read..];
            let lost = unread.iter().take_while(|notice| notice.at < oldest).count();
            let position = merchant.notices_read + lost;
            merchant.notices_read = (position + 1).min(merchant.notices.len());
            (Some(position), lost > 0)
        }
    };
    let found = position.and_then(|at| merchant.notices.get(at).copied().filter(|notice| notice.at >= oldest));
    let (Some(position), Some(_)) = (position, found) else {
        return Ok(Reply::done().with("success_code", "1"));
    };
    let reply = Reply::done().with("success_code", if purged { "2" } else { "0" });
    let merchant = &book.merchants[usize::from(context.merchant)];
    self::notice(book, merchant, position, &context.contract.notice_key, reply).ok_or_else(|| Refusal::code("E001"))
}

/// The fields of one notice, counted from 0, behind those of `reply`.
pub(crate) fn notice(book: &Book, merchant: &MerchantBook, position: usize, key: &str, reply: Reply) -> Option<Reply> {
    let notice = merchant.notices.get(position).copied()?;
    let payment = &book.payments[notice.payment as usize];
    let notice_id = (position + 1).to_string();
    let payment_id = Book::payment_id(notice.payment);
    let trading_id = payment.trading_id.as_deref().unwrap_or("");
    let hash = Sha256::digest(format!("{notice_id}{payment_id}{trading_id}02{}{key}", payment.amount));
    let reply =
        reply.with("payment_notice_id", notice_id).with("change_date", date(notice.at)).with("hc", hex::encode(hash));
    Some(facts(reply, book, notice.payment, payment, notice.status))
}

/// The fields that 094 and 091 share.
fn facts(reply: Reply, book: &Book, index: u32, payment: &Payment, status: u8) -> Reply {
    let stored = payment.stored_card.checked_sub(1).map(|stored| (stored, &book.stored[stored as usize]));
    let reply = reply
        .with("payment_id", Book::payment_id(index).to_string())
        .with("trading_id", payment.trading_id.as_deref().unwrap_or("").to_owned())
        .with("payment_type", "02")
        .with("payment_status", status.to_string())
        .with("payment_amount", payment.amount.to_string())
        .with("payment_init_date", date(payment.initiated))
        .with("cancel_date", date(payment.cancelled))
        .with("payment_date", date(payment.cleared))
        .with("acq_id", bank::ACQUIRER)
        .with("acq_name", bank::ACQUIRER_NAME)
        .with("customer_id", stored.map(|(_, card)| card.customer.to_string()).unwrap_or_default())
        .with("customer_card_id", stored.map(|(at, _)| Book::stored_card_id(at).to_string()).unwrap_or_default());
    describe(reply, book.card(payment.card))
}

fn date(seconds: i64) -> String {
    DateTime::<Utc>::from_timestamp(seconds, 0).filter(|_| seconds > 0).map(to_seconds).unwrap_or_default()
}
