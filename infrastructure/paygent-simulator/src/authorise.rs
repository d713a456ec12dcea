//! 020: authorise a payment, or authorise and capture it at once.

use crate::{
    book::Book,
    context::{Context, bank, describe, spend},
    entries::{Payment, status},
    refusal::Refusal,
    sandbox::Card,
    telegram::{Reply, Request},
};

/// How long the card of an earlier payment may be used again: 14 months.
const REFERENCE_DAYS: i64 = 427;
/// A payment left in status 10 may be sent again this often.
const RETRIES: u8 = 3;

struct Source {
    card_index: u32,
    card: Card,
    /// Index in the vault when the card comes from there.
    stored: Option<u32>,
    token: Option<String>,
}

/// Checks the telegram, asks the card network and books what came of it.
pub(crate) fn authorise(book: &mut Book, context: &Context<'_>, request: &Request) -> Result<(Reply, u32), Refusal> {
    let retried = match request.digits("payment_id", 18)? {
        Some(id) => Some(retry(book, context, id)?),
        None => None,
    };
    let amount = request.amount("payment_amount")?;
    let class = payment_class(context, request)?;
    let capture = request.one_of("sales_mode", &["0", "1"])? == Some("1");
    three_d_secure(request)?;
    let source = source(book, context, request)?;

    let answer = context.network_answer(source.card);
    let reached = match &answer {
        Ok(()) if capture => status::CLEARED,
        Ok(()) => status::AUTHORISED,
        Err(refusal) if refusal.code == "2003" => status::APPLIED,
        Err(_) => status::REFUSED,
    };
    let index = match retried {
        Some(index) => again(book, context, index, amount, &source, reached),
        None => {
            let now = context.now.timestamp();
            let succeeded = answer.is_ok();
            let trading_id = request.get("trading_id").map(|id| book.shared_trading_id(context.merchant, id));
            let payment = Payment {
                merchant: context.merchant,
                status: reached,
                class,
                retries: 0,
                three_d_secure: false,
                amount,
                card: source.card_index,
                stored_card: source.stored.map_or(0, |index| index + 1),
                base: 0,
                earlier: 0,
                initiated: now,
                authorised: if succeeded { now } else { 0 },
                cancelled: 0,
                cleared: if reached == status::CLEARED { now } else { 0 },
                trading_id,
                failure: None,
            };
            book.add_payment(payment, context.now)
        }
    };
    match answer {
        Ok(()) => {
            if let Some(stored) = source.stored {
                book.stored[stored as usize].last_used = context.now.timestamp();
            }
            if let Some(token) = &source.token {
                spend(book, token);
            }
            Ok((success(book, index, source.card), index))
        }
        Err(mut refusal) => {
            let failure = (refusal.code.clone().into_owned(), refusal.detail.clone());
            book.payments[index as usize].failure = Some(Box::new(failure));
            refusal.payment_id = Some(Book::payment_id(index));
            Err(refusal)
        }
    }
}

fn success(book: &Book, index: u32, card: Card) -> Reply {
    let trading_id = book.payments[index as usize].trading_id.as_deref().unwrap_or("").to_owned();
    let reply = Reply::done()
        .with("payment_id", Book::payment_id(index).to_string())
        .with("trading_id", trading_id)
        .with("issur_class", "1")
        .with("acq_id", bank::ACQUIRER)
        .with("acq_name", bank::ACQUIRER_NAME)
        .with("issur_name", bank::ISSUER_NAME)
        .with("attempt_kbn", "");
    describe(reply, card)
}

/// The payment that a repeated 020 names, which must be waiting in status 10.
fn retry(book: &Book, context: &Context<'_>, payment_id: &str) -> Result<u32, Refusal> {
    let index = book.find_payment(context.merchant, payment_id).ok_or_else(|| Refusal::code("2006"))?;
    match book.payments[index as usize].status {
        status::APPLIED => Ok(index),
        _ => Err(Refusal::code("2001")),
    }
}

/// Books the outcome of a repeated 020; the last one allowed ends in status 11.
fn again(book: &mut Book, context: &Context<'_>, index: u32, amount: u32, source: &Source, reached: u8) -> u32 {
    let payment = &mut book.payments[index as usize];
    payment.retries += 1;
    payment.amount = amount;
    payment.card = source.card_index;
    payment.stored_card = source.stored.map_or(0, |stored| stored + 1);
    let exhausted = reached == status::APPLIED && payment.retries >= RETRIES;
    let reached = if exhausted { status::REFUSED } else { reached };
    if matches!(reached, status::AUTHORISED | status::CLEARED) {
        payment.authorised = context.now.timestamp();
        payment.failure = None;
    }
    book.change_status(index, reached, context.now);
    index
}

fn payment_class(context: &Context<'_>, request: &Request) -> Result<u8, Refusal> {
    request.required("payment_class")?;
    let text = request.digits("payment_class", 2)?.unwrap_or_default();
    let class: u8 = match text {
        "10" => 10,
        "23" => 23,
        "61" => 61,
        "80" => 80,
        _ => return Err(Refusal::bad_value("payment_class")),
    };
    if class == 61 {
        request.required("split_count")?;
        request.digits("split_count", 2)?;
    }
    if context.contract.payment_classes.contains(&class) { Ok(class) } else { Err(Refusal::code("P030")) }
}

fn three_d_secure(request: &Request) -> Result<(), Refusal> {
    request.one_of("3dsecure_ryaku", &["0", "1"])?;
    match (request.one_of("3dsecure_use_type", &["1", "2"])?, request.get("3ds_auth_id")) {
        (Some("2"), None) => Err(Refusal::code("31009")),
        // Kind 450 is not contracted here, so no authentication can exist.
        (Some("2"), Some(_)) => Err(Refusal::code("31011")),
        (_, Some(_)) => Err(Refusal::code("31008")),
        _ => Ok(()),
    }
}

fn source(book: &Book, context: &Context<'_>, request: &Request) -> Result<Source, Refusal> {
    if request.get("card_number").is_some() {
        return Err(Refusal::code("2023"));
    }
    if request.one_of("stock_card_mode", &["0", "1"])? == Some("1") {
        return stored_card(book, context, request);
    }
    if let Some(token) = request.get("card_token") {
        if token.len() > 30 {
            return Err(Refusal::bad_length("card_token"));
        }
        let (card_index, card) = context.token_card(book, token)?;
        return Ok(Source { card_index, card, stored: None, token: Some(token.to_owned()) });
    }
    if let Some(earlier) = request.word("ref_trading_id", 25)? {
        return referenced_card(book, context, earlier);
    }
    Err(request.required("card_token").err().unwrap_or_else(|| Refusal::key_missing("card_token")))
}

fn stored_card(book: &Book, context: &Context<'_>, request: &Request) -> Result<Source, Refusal> {
    if !context.contract.card_vault {
        return Err(Refusal::code("P024"));
    }
    let customer = request.required("customer_id")?;
    request.word("customer_id", 25)?;
    let card_id = request.required("customer_card_id")?;
    request.digits("customer_card_id", 18)?;
    let stored = book.find_stored(context.merchant, customer, card_id).ok_or_else(|| Refusal::code("P025"))?;
    let card_index = book.stored[stored as usize].card;
    let card = book.card(card_index);
    if card.expired(context.now) {
        return Err(Refusal::card_expired());
    }
    Ok(Source { card_index, card, stored: Some(stored), token: None })
}

fn referenced_card(book: &Book, context: &Context<'_>, trading_id: &str) -> Result<Source, Refusal> {
    let oldest = context.now.timestamp() - REFERENCE_DAYS * 86_400;
    let usable = |index: &u32| {
        let payment = &book.payments[*index as usize];
        payment.authorised > 0 && payment.authorised >= oldest
    };
    let found = book.with_trading_id(context.merchant, trading_id).find(usable);
    let card_index = book.payments[found.ok_or_else(|| Refusal::code("2009"))? as usize].card;
    let card = book.card(card_index);
    if card.expired(context.now) {
        return Err(Refusal::card_expired());
    }
    Ok(Source { card_index, card, stored: None, token: None })
}
