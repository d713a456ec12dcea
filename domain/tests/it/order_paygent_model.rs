//! An order and a Paygent that books, loses answers, books late and is changed by hand: when the trouble ends, both
//! know the same payments, and the customer paid at most once.

use crate::history::History;
use crate::order_invariants::{ask, asked, check_state, check_step, generate};
use crate::values::{cases, day, sale_mode, yen};
use proptest::prelude::*;
use teiki_domain::ids::{PaymentId, TransactionId};
use teiki_domain::money::Yen;
use teiki_domain::order::{
    Call, Cause, Details, FoundBy, Operation, Order, OrderCommand as Command, PaymentFact, Stands, Surplus,
};
use teiki_domain::payment_method::SaleMode;

/// A payment in Paygent's books.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    id: PaymentId,
    transaction: TransactionId,
    stands: Stands,
    amount: Yen,
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// Done and answered.
    Answered,
    /// Refused and answered.
    Refused,
    /// Never arrived; the caller knows that it does not know.
    Lost,
    /// Done; the answer got lost.
    AnswerLost,
    /// Done; the process died before it could write the answer down.
    Crashed,
    /// Refused for a network time-out, but booked after all.
    RefusedButDone,
}

#[derive(Debug, Clone)]
enum Step {
    Ask(Command, Fate),
    /// The worker that asks about open requests; its own calls may fail too.
    Recover(Fate),
    /// Somebody at Paygent's console: cancel, capture, refund, lower.
    Console(usize, u8),
    /// A notice, or an inquiry.
    Notice(usize),
}

#[derive(Debug, Default)]
struct World {
    order: History<Order>,
    books: Vec<Kept>,
    next_id: u32,
    /// Whether every notice has had its time to come.
    waited_long: bool,
}

impl World {
    fn details(&self) -> &Details {
        self.order.state.details().unwrap()
    }

    /// Tells the order something and makes the call it may intend.
    fn tell(&mut self, command: Command, fate: Fate) {
        let before = self.order.state.details().cloned();
        let Ok(events) = self.order.tell(command) else { return };
        let after = self.details().clone();
        check_state(&after);
        if let Some(before) = before {
            check_step(&before, &after, &events);
        }
        let requests = [
            "AuthorizationRequested",
            "AuthorizationSentAgain",
            "CaptureRequested",
            "RevisionRequested",
            "VoidRequested",
            "RefundRequested",
        ];
        if events.iter().any(|event| requests.contains(&event.name())) {
            self.call(fate);
        }
    }

    fn call(&mut self, fate: Fate) {
        match self.details().operation.clone().unwrap() {
            Operation::Authorize { attempt, .. } => self.authorise(attempt, fate),
            Operation::Call { call, payment_id, amount, .. } => self.change(call, &payment_id, amount, fate),
        }
    }

    fn authorise(&mut self, number: u32, fate: Fate) {
        let attempt = self.details().attempt(number).unwrap().clone();
        let captured = attempt.sale_mode == SaleMode::AuthorizeAndCapture;
        if !matches!(fate, Fate::Refused | Fate::Lost) {
            let stands = if captured { Stands::Captured } else { Stands::Authorized };
            self.book(attempt.transaction_id, stands, attempt.amount);
        }
        let answer = match fate {
            Fate::Answered => {
                let payment_id = self.books.last().unwrap().id.clone();
                let (until, found_by) = (Some(day("2026-05-31")), FoundBy::Reply);
                Command::RecordAuthorized { attempt: number, payment_id, captured, amount: None, until, found_by }
            }
            Fate::Refused | Fate::RefusedButDone => {
                let code = if fate == Fate::Refused { "2001" } else { "2008" }.to_owned();
                Command::RecordDeclined { attempt: number, code, detail: String::new(), found_by: FoundBy::Reply }
            }
            Fate::Lost | Fate::AnswerLost => Command::RecordUnknown { attempt: number, why: "no answer".to_owned() },
            Fate::Crashed => return,
        };
        self.tell(answer, Fate::Answered);
    }

    fn change(&mut self, call: Call, id: &PaymentId, amount: Yen, fate: Fate) {
        let allowed = self.may(call, id);
        let acts = allowed && !matches!(fate, Fate::Refused | Fate::Lost);
        let became = if acts { self.act(call, id, amount) } else { None };
        let payment_id = id.clone();
        let answer = match fate {
            Fate::Crashed => return,
            Fate::Lost | Fate::AnswerLost | Fate::RefusedButDone => {
                Command::RecordNotKnown { call, payment_id, why: "no answer".to_owned() }
            }
            Fate::Answered if allowed => Command::RecordDone {
                call,
                payment_id,
                became,
                refundable_until: Some(day("2026-06-30")),
                found_by: FoundBy::Reply,
            },
            _ => Command::RecordFailed { call, payment_id, code: "2004".to_owned(), detail: String::new() },
        };
        self.tell(answer, Fate::Answered);
    }

    fn kept(&mut self, id: &PaymentId) -> &mut Kept {
        self.books.iter_mut().find(|kept| kept.id == *id).unwrap()
    }

    /// The state table of Paygent.
    fn may(&mut self, call: Call, id: &PaymentId) -> bool {
        let stands = self.kept(id).stands;
        match call {
            Call::Capture => matches!(stands, Stands::Authorized | Stands::Captured),
            Call::Revise => stands == Stands::Authorized,
            Call::Void => matches!(stands, Stands::Authorized | Stands::Voided | Stands::Expired),
            Call::Refund => matches!(stands, Stands::Captured | Stands::Refunded),
        }
    }

    fn act(&mut self, call: Call, id: &PaymentId, amount: Yen) -> Option<PaymentId> {
        let kept = self.kept(id);
        match call {
            Call::Capture => kept.stands = Stands::Captured,
            Call::Void if kept.stands == Stands::Authorized => kept.stands = Stands::Voided,
            Call::Void => {}
            Call::Refund => kept.stands = Stands::Refunded,
            Call::Revise => {
                // 028 leaves a cancelled authorisation behind, 029 a cancelled sale.
                let stands = kept.stands;
                kept.stands = if stands == Stands::Captured { Stands::Refunded } else { Stands::Voided };
                let transaction = kept.transaction.clone();
                return Some(self.book(transaction, stands, amount));
            }
        }
        None
    }

    fn book(&mut self, transaction: TransactionId, stands: Stands, amount: Yen) -> PaymentId {
        self.next_id += 1;
        let id: PaymentId = format!("{}", 770 + self.next_id).parse().unwrap();
        self.books.push(Kept { id: id.clone(), transaction, stands, amount });
        id
    }

    /// What a person at Paygent's console may do.
    fn console(&mut self, which: usize, action: u8) {
        if self.books.is_empty() {
            return;
        }
        let kept = self.books[which % self.books.len()].clone();
        let lower = yen((kept.amount.get() - 700).max(1));
        match (action % 4, kept.stands) {
            (0, Stands::Authorized) => drop(self.act(Call::Void, &kept.id, kept.amount)),
            (1, Stands::Authorized) => drop(self.act(Call::Capture, &kept.id, kept.amount)),
            (2, Stands::Captured) => drop(self.act(Call::Refund, &kept.id, kept.amount)),
            (3, Stands::Authorized | Stands::Captured) => drop(self.act(Call::Revise, &kept.id, lower)),
            _ => {}
        }
    }

    fn notice(&mut self, which: usize) {
        if let Some(kept) = self.books.get(which % self.books.len().max(1)).cloned() {
            self.tell(fact(&kept, FoundBy::Notice), Fate::Answered);
        }
    }

    /// What the recovery worker does: asks, records what it hears, asks again only where that is safe.
    fn recover(&mut self, fate: Fate) {
        let details = self.details().clone();
        match details.operation.clone() {
            Some(Operation::Authorize { attempt, .. }) => self.recover_attempt(attempt, fate),
            Some(Operation::Call { call, payment_id, asked, .. }) => {
                let kept = self.kept(&payment_id).clone();
                let booked = details.booked(&payment_id).unwrap();
                let untouched = kept.stands == booked.stands && kept.amount == booked.amount;
                if !untouched && (call != Call::Revise || kept.stands.holds_money()) {
                    return self.tell(fact(&kept, FoundBy::Inquiry), fate);
                }
                match call {
                    Call::Void | Call::Refund => {
                        self.tell(Command::CallAgain { call, payment_id, asked_before: asked }, fate);
                    }
                    Call::Revise if !untouched => {
                        let under = self.books.iter().filter(|other| other.transaction == kept.transaction).count();
                        // Its successor is told by a notice; where none came for long, it was cancelled by hand.
                        if under == 1 || self.waited_long {
                            let (code, detail) = ("status 32".to_owned(), String::new());
                            self.tell(Command::RecordFailed { call, payment_id, code, detail }, fate);
                            self.tell(fact(&kept, FoundBy::Inquiry), fate);
                        }
                    }
                    Call::Capture | Call::Revise => {
                        let (code, detail) = ("status 20".to_owned(), String::new());
                        self.tell(Command::RecordFailed { call, payment_id, code, detail }, fate);
                    }
                }
            }
            None => {
                let waiting = details.attempts.iter().find(|attempt| attempt.given_up && !attempt.is_decided());
                if let Some(attempt) = waiting {
                    return self.recover_attempt(attempt.number, fate);
                }
                if let Some(booked) = details.to_release() {
                    let payment_id = booked.payment_id.clone();
                    self.tell(Command::ReleaseSurplus { payment_id }, fate);
                }
            }
        }
    }

    fn recover_attempt(&mut self, number: u32, fate: Fate) {
        let attempt = self.details().attempt(number).unwrap().clone();
        let known: Vec<Kept> =
            self.books.iter().filter(|kept| kept.transaction == attempt.transaction_id).cloned().collect();
        match known.as_slice() {
            [] if attempt.given_up => {
                let (code, detail) = ("13001".to_owned(), String::new());
                self.tell(Command::RecordDeclined { attempt: number, code, detail, found_by: FoundBy::Inquiry }, fate);
            }
            [] => self.tell(Command::SendAgain { attempt: number, sent_before: attempt.sent_again }, fate),
            [one] => self.tell(fact(one, FoundBy::Inquiry), fate),
            // 13002; each is told by a notice.
            _ => {}
        }
    }

    /// The trouble is over: everything is asked about and told, and somebody decides what is to be decided.
    fn settle(&mut self, accept: bool) {
        for _ in 0..12 {
            self.recover(Fate::Answered);
            for which in 0..self.books.len() {
                self.notice(which);
            }
            self.waited_long = true;
            if let Some(booked) = self.details().undecided() {
                let payment_id = booked.payment_id.clone();
                if accept {
                    self.tell(Command::AcceptSurplus { payment_id: payment_id.clone() }, Fate::Answered);
                }
                if self.details().undecided().is_some() {
                    self.tell(Command::ReleaseSurplus { payment_id }, Fate::Answered);
                }
            }
        }
    }

    fn judge(&self) {
        let details = self.details();
        assert_eq!(details.operation, None, "nothing stays open");
        assert!(details.surplus().next().is_none(), "nothing stays surplus: {details:?}");
        let holding = |stands: Stands| stands.holds_money();
        for kept in &self.books {
            let booked = details.booked(&kept.id);
            match booked {
                Some(booked) => assert_eq!((booked.stands, booked.amount), (kept.stands, kept.amount), "{kept:?}"),
                None => assert!(!holding(kept.stands), "money nobody here knows of: {kept:?}"),
            }
        }
        for booked in &details.payments {
            assert!(self.books.iter().any(|kept| kept.id == booked.payment_id), "a payment Paygent does not know");
        }
        let held = self.books.iter().filter(|kept| holding(kept.stands)).count();
        assert!(held <= 1, "the customer is left with {held} payments: {:?}", self.books);
        self.order.check_replay();
    }
}

fn fact(kept: &Kept, found_by: FoundBy) -> Command {
    Command::RecordFact(PaymentFact {
        transaction_id: kept.transaction.clone(),
        payment_id: kept.id.clone(),
        stands: kept.stands,
        amount: kept.amount,
        refusal: ("status 11".to_owned(), String::new()),
        until: Some(day("2026-05-31")),
        found_by,
    })
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Answered), 2 => Just(Fate::Refused), 2 => Just(Fate::Lost), 2 => Just(Fate::AnswerLost),
        2 => Just(Fate::Crashed), 1 => Just(Fate::RefusedButDone),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (asked(), fate()).prop_map(|(command, fate)| Step::Ask(command, fate)),
        3 => fate().prop_map(Step::Recover),
        1 => (0..9_usize, any::<u8>()).prop_map(|(which, action)| Step::Console(which, action)),
        2 => (0..9_usize).prop_map(Step::Notice),
    ]
}

/// Only a worker that has just asked Paygent sends again; by hand nobody can.
fn is_a_workers(command: &Command) -> bool {
    matches!(command, Command::SendAgain { .. } | Command::CallAgain { .. })
}

proptest! {
    #![proptest_config(cases(6_000))]

    #[test]
    fn w1_to_w15_when_the_trouble_ends_both_know_the_same_and_nobody_paid_twice(
        mode in sale_mode(), first in fate(), steps in prop::collection::vec(step(), 0..30), accept in any::<bool>(),
    ) {
        let mut world = World::default();
        world.tell(generate(mode), first);
        for step in steps {
            match step {
                Step::Ask(command, _) if is_a_workers(&command) => {}
                Step::Ask(command, fate) => world.tell(command, fate),
                Step::Recover(fate) => world.recover(fate),
                Step::Console(which, action) => world.console(which, action),
                Step::Notice(which) => world.notice(which),
            }
        }
        world.settle(accept);
        world.judge();
    }
}

#[test]
fn o6_a_higher_amount_leaves_one_hold_whatever_happens_in_between() {
    for fates in [[Fate::Answered; 3], [Fate::AnswerLost; 3], [Fate::Crashed; 3], [Fate::Lost; 3]] {
        let mut world = World::default();
        world.tell(generate(SaleMode::AuthorizeOnly), Fate::Answered);
        world.tell(Command::ChangeBasket(crate::values::basket(4_000)), Fate::Answered);
        let update = || Command::UpdateTransaction(Box::new(ask(2, Cause::AmountUpdate, 1, day("2026-04-02"))));
        world.tell(update(), fates[0]);
        world.recover(fates[1]);
        world.recover(fates[2]);
        world.settle(false);
        world.judge();
        let paying = world.details().paying().unwrap();
        assert_eq!((paying.stands, paying.amount, paying.surplus), (Stands::Authorized, yen(4_500), None::<Surplus>));
    }
}
