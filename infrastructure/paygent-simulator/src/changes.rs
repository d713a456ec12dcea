//! 021, 022, 023: what they do to a payment in each status; 028 and 029: the same payment for less.

use crate::{
    book::Book,
    config::RevisionTradingId,
    context::Context,
    entries::{Payment, status},
    kind::TelegramKind,
    refusal::Refusal,
    telegram::{Reply, Request},
};

/// 021, 022 and 023 by the state table of the protocol.
pub(crate) fn change(
    book: &mut Book,
    context: &Context<'_>,
    kind: TelegramKind,
    request: &Request,
) -> Result<(Reply, u32), Refusal> {
    let index = context.payment(book, request, "2006", "2005")?;
    let payment = &book.payments[index as usize];
    let card = book.card(payment.card);
    if let Some(to) = transition(kind, payment.status_at(context.now))? {
        if kind != TelegramKind::Capture {
            card.cancel()?;
        }
        book.change_status(index, to, context.now);
    }
    Ok((reply(book, index), index))
}

/// The status a telegram leads to from `from`; `None` when it succeeds without changing anything.
fn transition(kind: TelegramKind, from: u8) -> Result<Option<u8>, Refusal> {
    use TelegramKind::{CancelAuthorisation, CancelSale, Capture};
    use status::{AUTHORISED, CANCELLED, CLEARED, CLEARED_FINAL, EXPIRED, SALE_CANCELLED};
    match (kind, from) {
        (CancelAuthorisation, AUTHORISED) => Ok(Some(CANCELLED)),
        (CancelAuthorisation, CANCELLED | EXPIRED) => Ok(None),
        (Capture, AUTHORISED) => Ok(Some(CLEARED)),
        (Capture, CLEARED | CLEARED_FINAL) => Ok(None),
        (Capture, EXPIRED) => Err(Refusal::code("2007")),
        (CancelSale, CLEARED) => Ok(Some(SALE_CANCELLED)),
        (CancelSale, SALE_CANCELLED) => Ok(None),
        (CancelSale, CLEARED_FINAL) => Err(Refusal::code("2007")),
        _ => Err(Refusal::code("2004")),
    }
}

/// 028 and 029: cancels the payment and makes a new one for the lower amount.
pub(crate) fn revise(
    book: &mut Book,
    context: &Context<'_>,
    kind: TelegramKind,
    request: &Request,
) -> Result<(Reply, u32), Refusal> {
    if !context.contract.reduction {
        return Err(Refusal::code("P029"));
    }
    let amount = request.amount("payment_amount")?;
    request.required("reduction_flag")?;
    let take_off = request.one_of("reduction_flag", &["0", "1"])? == Some("1");
    request.one_of("base_payment_cancel_timing", &["0", "1"])?;
    let base = context.payment(book, request, "2006", "2005")?;
    let payment = &book.payments[base as usize];
    let (from, cancelled) = match kind {
        TelegramKind::ReviseSale => (status::CLEARED, status::SALE_CANCELLED),
        _ => (status::AUTHORISED, status::CANCELLED),
    };
    match payment.status_at(context.now) {
        current if current == from => {}
        status::EXPIRED | status::CLEARED_FINAL => return Err(Refusal::code("2007")),
        _ => return Err(Refusal::code("2004")),
    }
    if payment.three_d_secure {
        return Err(Refusal::code("2014"));
    }
    let total = if take_off { payment.amount.saturating_sub(amount) } else { amount };
    if total >= payment.amount {
        return Err(Refusal::code("2013"));
    }
    if total == 0 {
        return Err(Refusal::parameter("P014", "payment_amount", "減額後の金額が1円未満です。"));
    }
    let now = context.now.timestamp();
    let trading_id = match context.config.revision_trading_id {
        RevisionTradingId::SameAsBase => payment.trading_id.clone(),
        RevisionTradingId::Empty => None,
    };
    let revised = Payment {
        status: from,
        amount: total,
        base: base + 1,
        earlier: 0,
        retries: 0,
        initiated: now,
        authorised: now,
        cancelled: 0,
        cleared: if from == status::CLEARED { now } else { 0 },
        trading_id,
        failure: None,
        ..payment.clone()
    };
    let index = book.add_payment(revised, context.now);
    book.change_status(base, cancelled, context.now);
    let reply = reply(book, index)
        .with("base_payment_id", Book::payment_id(base).to_string())
        .with("reduced_amount", total.to_string());
    Ok((reply, index))
}

fn reply(book: &Book, index: u32) -> Reply {
    let trading_id = book.payments[index as usize].trading_id.as_deref().unwrap_or("").to_owned();
    Reply::done().with("payment_id", Book::payment_id(index).to_string()).with("trading_id", trading_id)
}
