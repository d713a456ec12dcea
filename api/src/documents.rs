//! Documents of orders (帳票出力, O13): issued as a fact of the log, printed from the log as it stood at that fact. So a
//! document printed again is the same to the byte, whatever the order, the shop or the member became since.

use crate::app::App;
use crate::as_of::{self, Moment, ThenError};
use crate::command_gateway::{Because, CommandError};
use crate::members::{self, ERASED};
use crate::words;
use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use teiki_documents::{Document, Facts, Issuer, LAYOUT, MadeOut, Recipient, RenderError, render};
use teiki_domain::cqrs::Decide as _;
use teiki_domain::ids::{MemberId, OrderId};
use teiki_domain::order::{
    Details, DocumentKind, DocumentNumber, IssueDocument, Issued, Order, OrderCommand, OrderEvent, OrderRefusal,
    Payment, Stands,
};
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::sealed::Sealed;
use teiki_domain::shop_settings::Details as Shop;
use teiki_infrastructure::clock::tokyo;
use teiki_infrastructure::event_store::{LogError, SequencerError};
use teiki_infrastructure::key_ring::KeyError;
use teiki_projections::as_of::AsOfError;

/// Why a document is not issued or printed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The order does not allow it, or its command failed.
    #[error(transparent)]
    Order(#[from] CommandError<OrderRefusal>),
    /// No such document.
    #[error("document {0} was not issued; issue it first")]
    NotIssued(DocumentNumber),
    /// How things stood cannot be read.
    #[error(transparent)]
    Then(#[from] ThenError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log cannot be continued.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// Personal data cannot be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be printed.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// Longest text that a receipt is made out to or for, in characters.
pub const MADE_OUT_MAX: usize = 100;

/// To whom and for what a receipt shall be made out (宛名, 但し書き). Prints nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// 宛名 with its honorific, such as 株式会社みどり商店 御中; empty: the buyer.
    to: String,
    /// 但し書き; empty: goods (お品代として).
    for_what: String,
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wording")
    }
}

/// A text that a receipt cannot be made out to or for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} is one line of up to {MADE_OUT_MAX} characters")]
pub struct WordingError {
    /// `made_out_to` or `made_out_for`.
    pub field: &'static str,
}

impl Wording {
    /// As somebody typed it. What is left empty is as usual.
    pub fn typed(to: &str, for_what: &str) -> Result<Self, WordingError> {
        let read = |field, text: &str| {
            let text = text.trim();
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            match text.chars().count() <= MADE_OUT_MAX && !text.contains(breaks) {
                true => Ok(text.to_owned()),
                false => Err(WordingError { field }),
            }
        };
        let for_what = read("made_out_for", for_what)?;
        Ok(Self {
            to: read("made_out_to", to)?,
            for_what: if for_what == FOR_GOODS { String::new() } else { for_what },
        })
    }

    /// As usual: to the buyer, for goods.
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    async fn open(app: &App, member: &MemberId, sealed: Option<&Sealed>) -> Result<Self, KeyError> {
        let Some(sealed) = sealed else { return Ok(Self::default()) };
        // Of an erased member nothing is left, so it is made out to the placeholder.
        let opened = app.keys.open_for_member(member, sealed).await?;
        Ok(opened.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }
}

/// The words a receipt is for where nothing else was said.
pub const FOR_GOODS: &str = "お品代として";

/// Issues a document; says whether it is a new one. Where the newest of its kind says the same, that is the document:
/// asking twice issues one. What changed since gets a new number.
pub async fn issue(
    app: &App,
    order: &OrderId,
    kind: DocumentKind,
    wording: &Wording,
    because: &Because,
) -> Result<(Issued, bool), DocumentError> {
    app.sequencer.catch_up().await?;
    let does_not_exist = || CommandError::Refused(OrderRefusal::DoesNotExist);
    let story = story(app, order, |_| false).await?.ok_or_else(does_not_exist)?;
    let wording = sealed(app, kind, &story.details, wording).await?;
    let content = fingerprint(app, kind, &story, wording.as_ref()).await?;
    let today = app.clock.today();
    let command = OrderCommand::IssueDocument(IssueDocument { kind, content, layout: LAYOUT, wording, today });
    let done = app.gateway.execute::<Order>(order.as_str(), because, command).await?;
    let issued = done.aggregate.details().and_then(|details| details.newest_document(kind)).cloned();
    Ok((issued.ok_or_else(does_not_exist)?, !done.events.is_empty()))
}

/// The words of a receipt as they go into the log. Where the newest receipt has the same, they are those to the byte: sealed
/// anew they would look like others.
async fn sealed(
    app: &App,
    kind: DocumentKind,
    details: &Details,
    wording: &Wording,
) -> Result<Option<Sealed>, DocumentError> {
    if kind != DocumentKind::Receipt || wording.is_usual() {
        return Ok(None);
    }
    let newest = details.newest_document(kind).and_then(|newest| newest.wording.as_ref());
    if newest.is_some() && Wording::open(app, &details.member_id, newest).await? == *wording {
        return Ok(newest.cloned());
    }
    let text = serde_json::to_string(wording).map_err(|error| RenderError::Pdf(error.to_string()))?;
    // Of an erased member there is no key, and it is made out to the placeholder.
    Ok(app.keys.seal_for_member(&details.member_id, &text).await?)
}

/// Every document issued for an order, oldest first; none where there is no such order.
pub async fn list(app: &App, order: &OrderId) -> Result<Option<Vec<Issued>>, DocumentError> {
    let loaded = app.gateway.load::<Order>(order.as_str()).await.map_err(CommandError::<OrderRefusal>::Load)?;
    Ok(loaded.aggregate.details().map(|details| details.documents.clone()))
}

/// One PDF of these documents, in this order, each as it was issued.
pub async fn print(app: &App, numbers: &[DocumentNumber]) -> Result<Vec<u8>, DocumentError> {
    app.sequencer.catch_up().await?;
    let mut documents = Vec::with_capacity(numbers.len());
    for number in numbers {
        documents.push(read(app, number).await?);
    }
    // Setting a page takes a while; the others go on meanwhile.
    let printed = tokio::task::spawn_blocking(move || render(&documents)).await;
    Ok(printed.map_err(|error| RenderError::Pdf(error.to_string()))??)
}

/// A document as it was issued, with the layout it was issued in.
async fn read(app: &App, number: &DocumentNumber) -> Result<(u32, Document), DocumentError> {
    let is_it = |event: &OrderEvent| matches!(event, OrderEvent::DocumentIssued { number: of, .. } if of == number);
    let not_issued = || DocumentError::NotIssued(number.clone());
    let story = story(app, number.order(), is_it).await?.ok_or_else(not_issued)?;
    let issued = story.details.documents.iter().find(|issued| issued.number == *number).ok_or_else(not_issued)?;
    let shop = shop_then(app, &story).await?;
    let recipient = recipient(app, &story).await?;
    let wording = Wording::open(app, &story.details.member_id, issued.wording.as_ref()).await?;
    let document = Document {
        number: number.clone(),
        issued_on: issued.issued_on,
        issuer: issuer(shop.as_ref()),
        recipient,
        made_out: MadeOut { to: wording.to, for_what: wording.for_what },
        facts: facts(number.kind(), &story),
        basket: story.details.basket.clone(),
    };
    Ok((issued.layout, document))
}

/// An order as its stream tells it up to some event.
struct Story {
    details: Details,
    /// The day the payment in force was captured.
    captured_on: Option<NaiveDate>,
    /// The day what is settled outside was said to be: by the mark 入金チェック (O16), or else by completing the order.
    settled_on: Option<NaiveDate>,
    /// After which event.
    then: Moment,
}

/// Folds the stream up to the event that `is_last`, or to its end where none is. None: no such order.
async fn story(
    app: &App,
    order: &OrderId,
    is_last: impl Fn(&OrderEvent) -> bool,
) -> Result<Option<Story>, DocumentError> {
    let (mut state, mut then) = (Order::default(), None);
    let (mut captured_on, mut checked_on, mut completed_on) = (None, None, None);
    for stored in app.log.stream("order", order.as_str()).await? {
        let unreadable = |error| ThenError::from(AsOfError::unreadable(stored.position, &error));
        let recorded = RecordedEvent::decode(&stored.aggregate_type, &stored.payload).map_err(unreadable)?;
        let RecordedEvent::Order(event) = recorded else { continue };
        state.apply(&event);
        let at = DateTime::parse_from_rfc3339(&stored.recorded_at).ok();
        let day = at.map_or_else(|| app.clock.today(), |at| tokyo(at.to_utc()).date_naive());
        if let OrderEvent::SalesConfirmed { .. } | OrderEvent::AuthorizationSucceeded { captured: true, .. } = event {
            captured_on = Some(day);
        }
        match event {
            OrderEvent::PaymentCheckChanged { checked } => checked_on = checked.then_some(day),
            OrderEvent::OrderCompleted {} => completed_on = Some(day),
            _ => {}
        }
        then = Some(Moment { position: stored.position, day });
        if is_last(&event) {
            break;
        }
    }
    let details = state.details().cloned();
    let settled_on = checked_on.or(completed_on);
    Ok(details.zip(then).map(|(details, then)| Story { details, captured_on, settled_on, then }))
}

async fn shop_then(app: &App, story: &Story) -> Result<Option<Shop>, DocumentError> {
    Ok(as_of::shop(app, story.details.order_id.shop(), story.then).await?)
}

/// What a document shows of the order. What its kind does not show is left out, so that a change of it is no change of
/// the document.
fn facts(kind: DocumentKind, story: &Story) -> Facts {
    let details = &story.details;
    let slip = kind == DocumentKind::OrderSlip;
    let by_card = details.payment_method.is_card();
    let method = match &details.payment_method {
        PaymentMethod::Card => "クレジットカード".to_owned(),
        PaymentMethod::External { name } => name.clone(),
    };
    let paying = details.paying();
    let attempt = paying.and_then(|paying| details.attempt(paying.attempt)).filter(|_| slip);
    let captured = paying.is_some_and(|paying| paying.stands == Stands::Captured);
    Facts {
        order_id: details.order_id.to_string(),
        subscription_id: details.subscription_id.to_string(),
        member_id: details.member_id.to_string(),
        ordered_on: details.generation_date,
        delivery_date: details.delivery_date,
        payment_method: if kind == DocumentKind::DeliveryNote { String::new() } else { method },
        by_card,
        card_pays: kind == DocumentKind::Invoice && by_card && pays(&details.payment),
        payment_status: if slip { words::payment_status(details.payment.code()).to_owned() } else { String::new() },
        transaction_id: attempt.map(|attempt| attempt.transaction_id.to_string()),
        paid_on: if captured { story.captured_on } else { story.settled_on }.filter(|_| kind == DocumentKind::Receipt),
    }
}

/// Whether a card payment is there or under way.
fn pays(payment: &Payment) -> bool {
    match payment {
        Payment::Untried
        | Payment::Requested(_)
        | Payment::Unknown(_)
        | Payment::Authorized(_)
        | Payment::CaptureRequested(_)
        | Payment::CaptureUnknown(_)
        | Payment::Captured { .. }
        | Payment::RevisionRequested(_)
        | Payment::RevisionUnknown(_) => true,
        Payment::External
        | Payment::NotExecuted(_)
        | Payment::GivenUp(_)
        | Payment::Failed(_)
        | Payment::Expired(_)
        | Payment::VoidRequested(_)
        | Payment::VoidUnknown(_)
        | Payment::Voided(_)
        | Payment::RefundRequested(_)
        | Payment::RefundUnknown(_)
        | Payment::Refunded(_) => false,
    }
}

fn issuer(shop: Option<&Shop>) -> Issuer {
    let Some(shop) = shop else { return Issuer::default() };
    let (profile, named) = (&shop.profile, &shop.invoice_issuer);
    // Until an issuer is named, the shop issues under the name that buyers know.
    let name = if named.issuer_name.is_empty() { &shop.name } else { &named.issuer_name };
    Issuer {
        name: name.clone(),
        registration_number: named.registration_number.clone(),
        postal_code: profile.postal_code.clone(),
        address: profile.address.clone(),
        phone: profile.phone.clone(),
        mail: profile.mail.clone(),
    }
}

/// The buyer as they were when it was issued; with the placeholder where they were erased since (a document is no
/// reason to keep what must not be kept).
async fn recipient(app: &App, story: &Story) -> Result<Recipient, DocumentError> {
    let member = as_of::member(app, &story.details.member_id, story.then).await?;
    let profile = match member.details() {
        Some(details) => members::open_profile(app, &details.member_id, &details.profile).await?,
        None => None,
    };
    Ok(match profile {
        Some(profile) => Recipient {
            postal_code: profile.postal.postal_code.clone(),
            address: profile.one_address(),
            name: profile.name,
            phone: profile.phone,
            mail: profile.mail,
        },
        None => Recipient { name: ERASED.to_owned(), ..Recipient::default() },
    })
}

/// What a document would say, as a fingerprint. Personal data goes in as the sealed text it is stored as, so that
/// nothing of it can be guessed from the outcome.
async fn fingerprint(
    app: &App,
    kind: DocumentKind,
    story: &Story,
    wording: Option<&Sealed>,
) -> Result<String, DocumentError> {
    let shop = shop_then(app, story).await?;
    let (issuer, facts) = (issuer(shop.as_ref()), facts(kind, story));
    let member = as_of::member(app, &story.details.member_id, story.then).await?;
    let profile = member.details().map(|details| details.profile.ciphertext().to_owned());
    // Written straight from its parts, in an order that no setting of a library changes.
    let said = serde_json::to_string(&(
        kind,
        &story.details.basket,
        profile,
        [issuer.name, issuer.postal_code, issuer.address, issuer.phone, issuer.mail],
        issuer.registration_number,
        [facts.ordered_on, facts.delivery_date],
        [facts.payment_method, facts.payment_status],
        facts.transaction_id,
        facts.paid_on,
        (facts.card_pays, wording.map(Sealed::ciphertext)),
    ));
    let said = said.map_err(|error| RenderError::Pdf(error.to_string()))?;
    Ok(hex::encode(Sha256::digest(said)))
}
