//! 025, 116, 026 and 027: the card vault.

use crate::{
    book::Book,
    clock::to_minutes,
    context::{Context, describe, spend},
    refusal::Refusal,
    sandbox::Card,
    telegram::{Reply, Request},
};

/// A customer may store this many cards.
const MOST_CARDS: usize = 10;
const EXTRAS: [&str; 5] = ["cardholder_name", "add_info1", "add_info2", "add_info3", "add_info4"];
const COLUMNS: [&str; 12] = [
    "customer_id",
    "customer_card_id",
    "card_number",
    "card_valid_term",
    "card_last_use_date",
    "card_brand",
    "cardholder_name",
    "add_info1",
    "add_info2",
    "add_info3",
    "add_info4",
    "card_expire_flag",
];

/// 025: stores the card behind a token.
pub(crate) fn store(book: &mut Book, context: &Context<'_>, request: &Request) -> Result<Reply, Refusal> {
    let customer = customer(context, request)?;
    let check = request.one_of("valid_check_flg", &["0", "1"])? == Some("1");
    let extra = extra(request)?;
    if request.get("card_number").is_some() {
        return Err(Refusal::code("2023"));
    }
    let token = request.required("card_token")?;
    if token.len() > 30 {
        return Err(Refusal::bad_length("card_token"));
    }
    let (card_index, card) = context.token_card(book, token)?;
    if book.vault(context.merchant, customer).len() >= MOST_CARDS {
        return Err(Refusal::code("P023"));
    }
    if check {
        context.network_answer(card)?;
    }
    let extra = extra.iter().any(Option::is_some).then(|| Box::new(extra.map(Option::unwrap_or_default)));
    let stored = book.store_card(context.merchant, customer, card_index, extra);
    spend(book, token);
    Ok(reply(book, context, request, customer, stored, card))
}

/// 116: a new expiry or name for a stored card.
pub(crate) fn update(book: &mut Book, context: &Context<'_>, request: &Request) -> Result<Reply, Refusal> {
    let customer = customer(context, request)?;
    let card_id = request.required("customer_card_id")?;
    request.digits("customer_card_id", 18)?;
    let extra = extra(request)?;
    if request.get("card_number").is_some() {
        return Err(Refusal::code("2023"));
    }
    let stored = book.find_stored(context.merchant, customer, card_id).ok_or_else(|| Refusal::code("P025"))?;
    let mut card = book.card(book.stored[stored as usize].card);
    let token = request.get("card_token");
    if let Some(token) = token {
        let (_, replacement) = context.token_card(book, token)?;
        if !replacement.same_number(card) {
            return Err(Refusal::bad_value("card_token"));
        }
        card = replacement;
    }
    if let Some(term) = request.digits("card_valid_term", 4)? {
        card = with_term(card, term)?;
    }
    if token.is_some() || request.get("card_valid_term").is_some() {
        if card.expired(context.now) {
            return Err(Refusal::card_expired());
        }
        context.network_answer(card)?;
    }
    let card_index = book.intern(card);
    let kept = &mut book.stored[stored as usize];
    kept.card = card_index;
    let mut texts = kept.extra.take().map_or_else(Default::default, |texts| *texts);
    for (text, new) in texts.iter_mut().zip(extra) {
        *text = new.unwrap_or_else(|| std::mem::take(text));
    }
    kept.extra = texts.iter().any(|text: &String| !text.is_empty()).then(|| Box::new(texts));
    if let Some(token) = token {
        spend(book, token);
    }
    Ok(reply(book, context, request, customer, stored, card))
}

/// 026: deletes one stored card, or all when none is named.
pub(crate) fn delete(book: &mut Book, context: &Context<'_>, request: &Request) -> Result<Reply, Refusal> {
    let customer = customer(context, request)?;
    let gone = chosen(book, context, request, customer)?;
    if gone.is_empty() {
        return Err(Refusal::code("P022"));
    }
    book.delete_cards(context.merchant, customer, &gone);
    let left = book.vault(context.merchant, customer).len();
    Ok(Reply::done()
        .with("payment_id", "")
        .with("trading_id", request.get("trading_id").unwrap_or("").to_owned())
        .with("num_of_cards", left.to_string()))
}

/// 027: lists a customer's stored cards as CSV.
pub(crate) fn list(book: &Book, context: &Context<'_>, request: &Request) -> Result<Reply, Refusal> {
    let customer = customer(context, request)?;
    let chosen = chosen(book, context, request, customer)?;
    if chosen.is_empty() {
        return Err(Refusal::code("P026"));
    }
    let rows = chosen.into_iter().map(|index| row(book, context, index)).collect();
    Ok(Reply::Table { outcome: None, columns: &COLUMNS, rows })
}

fn row(book: &Book, context: &Context<'_>, index: u32) -> Vec<String> {
    let stored = &book.stored[index as usize];
    let card = book.card(stored.card);
    let used = chrono::DateTime::from_timestamp(stored.last_used, 0).filter(|_| stored.last_used > 0);
    let mut row = vec![
        stored.customer.to_string(),
        Book::stored_card_id(index).to_string(),
        card.masked(),
        card.valid_term(),
        used.map(to_minutes).unwrap_or_default(),
        card.brand().to_owned(),
    ];
    row.extend(stored.extra.as_deref().cloned().unwrap_or_default());
    row.push(if card.expired(context.now) { "1" } else { "0" }.to_owned());
    row
}

fn customer<'r>(context: &Context<'_>, request: &'r Request) -> Result<&'r str, Refusal> {
    if !context.contract.card_vault {
        return Err(Refusal::code("P021"));
    }
    request.required("customer_id")?;
    Ok(request.word("customer_id", 25)?.unwrap_or_default())
}

/// The card named by `customer_card_id`, or all of the customer's; empty when there is none.
fn chosen(book: &Book, context: &Context<'_>, request: &Request, customer: &str) -> Result<Vec<u32>, Refusal> {
    Ok(match request.digits("customer_card_id", 18)? {
        Some(card_id) => book.find_stored(context.merchant, customer, card_id).into_iter().collect(),
        None => book.vault(context.merchant, customer).to_vec(),
    })
}

fn extra(request: &Request) -> Result<[Option<String>; 5], Refusal> {
    let mut texts = [const { None }; 5];
    for (text, name) in texts.iter_mut().zip(EXTRAS) {
        *text = request.get(name).map(str::to_owned);
        if text.as_ref().is_some_and(|text| text.chars().count() > 255) {
            return Err(Refusal::bad_length(name));
        }
    }
    Ok(texts)
}

fn with_term(card: Card, term: &str) -> Result<Card, Refusal> {
    let number = |part: Option<&str>| part.and_then(|digits| digits.parse::<u8>().ok());
    match (number(term.get(..2)), number(term.get(2..4))) {
        (Some(month @ 1..=12), Some(year)) => Ok(card.with_expiry(year, month)),
        _ => Err(Refusal::bad_value("card_valid_term")),
    }
}

fn reply(book: &Book, context: &Context<'_>, request: &Request, customer: &str, stored: u32, card: Card) -> Reply {
    let reply = Reply::done()
        .with("payment_id", "")
        .with("trading_id", request.get("trading_id").unwrap_or("").to_owned())
        .with("num_of_cards", book.vault(context.merchant, customer).len().to_string())
        .with("customer_id", customer.to_owned())
        .with("customer_card_id", Book::stored_card_id(stored).to_string());
    describe(reply, card)
}
