//! From a request to its reply: who may send what where, the fault that strikes it, the handler that does it.

use std::{sync::Arc, time::Duration};

use crate::{
    authorise,
    book::{self, Book},
    cards, changes,
    context::Context,
    entries::{Delivery, Telegram},
    faults::Fault,
    inquiry,
    kind::TelegramKind,
    refusal::Refusal,
    shared::{DifferenceGuard, Shared},
    telegram::{Reply, Request},
};

/// What a gateway never is to say: stands in for a proxy's error page.
const GARBAGE: &[u8] = b"<html><head><title>Error</title></head><body>Something else answered.</body></html>";
/// A lead byte without its second byte, and two bytes that begin nothing in Windows-31J.
const INVALID_BYTES: &[u8] = b"note=\x81\x20\xfd\xff\r\n";

/// What goes back over the connection.
pub(crate) enum Sent {
    /// A whole reply; `true` when it is UTF-8.
    Whole(Vec<u8>, bool),
    /// The length is announced in full, half of it is sent, the connection breaks.
    Half(Vec<u8>),
    /// The connection breaks without an answer.
    Nothing,
    /// HTTP 503.
    Unavailable,
}

/// A telegram on its way through.
struct Job {
    request: Request,
    kind: Option<TelegramKind>,
    /// The path it came by fits its kind.
    right_path: bool,
    /// Refuse it with this before looking at it.
    refuse: Option<Refusal>,
    /// The card network's answer, if a fault prescribes one.
    network: Option<Refusal>,
}

/// Does one telegram, with the fault that is due to it. `certified` says whether the client showed a good certificate.
pub(crate) async fn exchange(shared: &Arc<Shared>, path: &str, request: Request, certified: bool) -> Sent {
    let kind = request.get("telegram_kind").and_then(TelegramKind::from_code);
    let utf8 = kind == Some(TelegramKind::ThreeDSecure);
    let right_path = kind.is_some_and(|kind| kind.path() == path);
    let mut job = Job { right_path, kind, refuse: None, network: None, request };
    if !certified {
        job.refuse = Some(Refusal::code("P016"));
        return Sent::Whole(job.run(shared, Delivery::Answered), utf8);
    }
    let _running = match DifferenceGuard::enter(shared, kind, &job.request) {
        Ok(guard) => guard,
        Err(refusal) => {
            job.refuse = Some(refusal);
            None
        }
    };
    let (trading_id, customer_id) = (job.request.get("trading_id"), job.request.get("customer_id"));
    let fault = kind.and_then(|kind| shared.script().pick(kind, trading_id, customer_id));

    let (mut before, mut after, mut delivery) = (shared.config.latency, Duration::ZERO, Delivery::Answered);
    match &fault {
        None => {}
        Some(Fault::Answer { code, detail }) => {
            let refusal = Refusal::new(code.clone(), detail.clone());
            let from_network = matches!(code.as_str(), "2001" | "2002" | "2003" | "2008");
            match kind {
                Some(TelegramKind::Authorise) if from_network => job.network = Some(refusal),
                _ => job.refuse = Some(refusal),
            }
        }
        Some(Fault::DelayBefore { milliseconds }) => before += Duration::from_millis(*milliseconds),
        Some(Fault::DelayAfter { milliseconds }) => after = Duration::from_millis(*milliseconds),
        Some(Fault::BookLate { milliseconds }) => {
            let (late, time) = (shared.clone(), before + Duration::from_millis(*milliseconds));
            shared.tasks.spawn(async move {
                late.wait(time).await;
                job.run(&late, Delivery::Spoilt);
            });
            return Sent::Nothing;
        }
        Some(Fault::DropBeforeBooking) => {
            job.record(shared, &mut shared.book(), Delivery::Dropped, None, "");
            return Sent::Nothing;
        }
        Some(Fault::Http503) => {
            job.record(shared, &mut shared.book(), Delivery::Dropped, None, "");
            return Sent::Unavailable;
        }
        Some(Fault::LoseReply | Fault::HalfReply | Fault::Garbage | Fault::WrongEncoding) => {
            delivery = Delivery::Spoilt;
        }
    }
    let mut reply = if before.is_zero() {
        job.run(shared, delivery)
    } else {
        // A task of its own: the booking must not depend on the client's patience.
        let own = shared.clone();
        let booking = shared.tasks.spawn(async move {
            own.wait(before).await;
            job.run(&own, delivery)
        });
        booking.await.unwrap_or_default()
    };
    if !after.is_zero() {
        shared.wait(after).await;
    }
    match fault {
        Some(Fault::LoseReply) => Sent::Nothing,
        Some(Fault::HalfReply) => Sent::Half(reply),
        Some(Fault::Garbage) => Sent::Whole(GARBAGE.to_vec(), utf8),
        Some(Fault::WrongEncoding) => {
            reply.extend_from_slice(INVALID_BYTES);
            Sent::Whole(reply, utf8)
        }
        _ => Sent::Whole(reply, utf8),
    }
}

impl Job {
    /// Processes the telegram, records it and writes its reply.
    fn run(&self, shared: &Shared, delivery: Delivery) -> Vec<u8> {
        let reply = {
            let mut book = shared.book();
            let outcome = self.process(shared, &mut book);
            let (payment, code) = match &outcome {
                Ok((_, payment)) => (*payment, ""),
                Err(refusal) => (refusal.payment_id.and_then(book::index_of), refusal.code.as_ref()),
            };
            self.record(shared, &mut book, delivery, payment, code);
            outcome
        };
        let trading_id = self.request.get("trading_id").unwrap_or("");
        let table = self.kind == Some(TelegramKind::ListCards);
        let reply = reply.map_or_else(|refusal| Reply::refused(refusal, trading_id, table), |(reply, _)| reply);
        let mood = shared.mood();
        reply.encode(self.kind == Some(TelegramKind::ThreeDSecure), mood)
    }

    fn process(&self, shared: &Shared, book: &mut Book) -> Result<(Reply, Option<u32>), Refusal> {
        if let Some(refusal) = &self.refuse {
            return Err(refusal.clone());
        }
        let request = &self.request;
        let (position, merchant) = self.credentials(shared)?;
        if request.required("telegram_version")? != "1.0" {
            return Err(Refusal::code("P003"));
        }
        request.required("telegram_kind")?;
        let Some(kind) = self.kind.filter(|_| self.right_path) else { return Err(Refusal::code("P004")) };
        request.well_encoded()?;
        request.word("trading_id", 25)?;
        request.digits("payment_id", 18)?;
        request.digits("site_id", 4)?;

        let context = Context {
            config: &shared.config,
            contract: &shared.config.merchants[position],
            merchant,
            now: shared.clock.now(),
            network: self.network.clone(),
        };
        let about_payment = |(reply, index)| (reply, Some(index));
        let about_card = |reply| (reply, None);
        match kind {
            TelegramKind::Authorise => authorise::authorise(book, &context, request).map(about_payment),
            TelegramKind::CancelAuthorisation | TelegramKind::Capture | TelegramKind::CancelSale => {
                changes::change(book, &context, kind, request).map(about_payment)
            }
            TelegramKind::ReviseAuthorisation | TelegramKind::ReviseSale => {
                changes::revise(book, &context, kind, request).map(about_payment)
            }
            TelegramKind::StoreCard => cards::store(book, &context, request).map(about_card),
            TelegramKind::UpdateCard => cards::update(book, &context, request).map(about_card),
            TelegramKind::DeleteCard => cards::delete(book, &context, request).map(about_card),
            TelegramKind::ListCards => cards::list(book, &context, request).map(about_card),
            TelegramKind::Inquiry => inquiry::inquire(book, &context, request).map(about_payment),
            TelegramKind::DifferenceInquiry => inquiry::differences(book, &context, request).map(about_card),
            TelegramKind::ThreeDSecure => Err(Refusal::code("P063")),
        }
    }

    /// The merchant who proves to be who it says: P001 when something is missing, P002 when something is wrong.
    fn credentials(&self, shared: &Shared) -> Result<(usize, u16), Refusal> {
        let request = &self.request;
        let given = ["merchant_id", "connect_id", "connect_password"].map(|name| request.get(name));
        let [Some(merchant_id), Some(connect_id), Some(password)] = given else { return Err(Refusal::code("P001")) };
        request.digits("merchant_id", 9)?;
        request.word("connect_id", 32)?;
        request.word("connect_password", 32)?;
        let (position, index) = shared.merchant(merchant_id).ok_or_else(|| Refusal::code("P002"))?;
        let contract = &shared.config.merchants[position];
        if contract.connect_id == connect_id && contract.connect_password == password {
            Ok((position, index))
        } else {
            Err(Refusal::code("P002"))
        }
    }

    fn record(&self, shared: &Shared, book: &mut Book, delivery: Delivery, payment: Option<u32>, code: &str) {
        let Some(kind) = self.kind else { return };
        *book.telegram_counts.entry(kind).or_default() += 1;
        if !shared.config.keep_telegrams {
            return;
        }
        let merchant = self.request.get("merchant_id").and_then(|id| shared.merchant(id));
        let trading_id = match (merchant, self.request.get("trading_id")) {
            (Some((_, merchant)), Some(text)) => Some(book.shared_trading_id(merchant, text)),
            (None, Some(text)) => Some(text.into()),
            (_, None) => None,
        };
        let mut short = [0; 5];
        short.iter_mut().zip(code.bytes()).for_each(|(kept, byte)| *kept = byte);
        let at = shared.clock.now().timestamp();
        let payment = payment.map_or(0, |index| index + 1);
        book.telegrams.push(Telegram { at, kind, delivery, code: short, payment, trading_id });
    }
}
