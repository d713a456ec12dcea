//! The payment process: intent event → call → outcome event.
//!
//! The right to make a call belongs to whoever's commit holds the intent, and to nobody else: of two engines that
//! want to send the same attempt, one commit wins, the other conflicts and must not call. Whoever lost the right, by
//! a crash or by being stopped too long between commit and call, finds the attempt open and leaves it to recovery,
//! which asks Paygent before anything is sent again (W1-W3, W9-W11 of the crash windows in docs/ARCHITECTURE.md).

mod authorisation;
mod calls;
mod card_deletion;
mod card_registration;
mod facts;
mod first_seen;
mod orders;
mod recovery;

pub use authorisation::{Authorised, Generated, standing_of};
pub use card_deletion::CardDeletion;
pub use card_registration::CardRegistration;
pub use facts::{Compared, Difference, Untold};
pub use first_seen::FirstSeen;
pub use recovery::{RecoveryReport, Resolution};

use crate::command_gateway::{CommandError, CommandGateway, Moment};
use crate::shops::{ShopError, Shops};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use teiki_domain::ids::{IdError, OrderId};
use teiki_domain::member::MemberRefusal;
use teiki_domain::order::OrderRefusal;
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::event_store::StoreError;
use teiki_infrastructure::notice_inbox::InboxError;
use teiki_infrastructure::serial_numbers::{SerialError, SerialNumbers};
use tokio::sync::Semaphore;

/// Why a payment step could not be carried out. What Paygent answered is never among these: that is an event.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The order's command failed.
    #[error(transparent)]
    Order(#[from] CommandError<OrderRefusal>),
    /// The member's command failed.
    #[error(transparent)]
    Member(#[from] CommandError<MemberRefusal>),
    /// The shop cannot reach Paygent.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// The order could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No transaction ID could be given out.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// No transaction ID can be made of the number given out.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The notices could not be read.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// Somebody else is at the same order in this moment.
    #[error("order {0} is being worked on in this moment; try again when its last request has its answer")]
    UnderWay(OrderId),
    /// A cancel met a payment that was changed at Paygent in the same moment (O9).
    #[error(
        "the payment of order {0} was changed at Paygent meanwhile, and the order is not cancelled; cancel it again"
    )]
    Overtaken(OrderId),
}

impl PaymentError {
    /// Whether what Paygent says does not fit what is recorded, so that people must compare both.
    pub fn is_contradiction(&self) -> bool {
        use OrderRefusal::{AmountDiffers, Contradiction};
        matches!(self, Self::Order(CommandError::Refused(AmountDiffers { .. } | Contradiction { .. })))
    }

    /// What the domain says against it, if it was the domain.
    pub fn refusal(&self) -> Option<&OrderRefusal> {
        match self {
            Self::Order(CommandError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the store is out of reach, so that nothing else would work either.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Order(error) => error.is_unavailable(),
            Self::Member(error) => error.is_unavailable(),
            Self::Shop(error) => error.is_unavailable(),
            Self::Store(error) => error.is_unavailable(),
            Self::Serial(error) => error.is_unavailable(),
            Self::Inbox(_) => true,
            Self::Id(_) | Self::UnderWay(_) | Self::Overtaken(_) => false,
        }
    }
}

/// Carries payments out. Cheap to clone; clones share what is under way.
#[derive(Clone)]
pub struct Payments {
    gateway: CommandGateway,
    shops: Shops,
    serials: SerialNumbers,
    timeout: Duration,
    under_way: Arc<Mutex<HashSet<OrderId>>>,
    inquiries: Arc<Semaphore>,
}

/// The right to call Paygent once, which only a commit of the intent gives.
struct CallRight {
    /// When the intent began to be written, not when its commit was heard of: news may come late, and whoever else
    /// sees the intent counts from seeing it.
    begun: Moment,
    within: Duration,
    clock: Clock,
}

impl CallRight {
    /// Whether the call may still begin. Nobody else may send before this time is over, so a process that was
    /// stopped before its call finds its right gone (W9); so does one whose machine slept, by the other clock.
    fn holds(&self) -> bool {
        let dated = (self.clock.now() - self.begun.dated).to_std().unwrap_or_default();
        self.begun.steady.elapsed().max(dated) < self.within
    }
}

/// Marks an order as being worked on by this process until dropped.
struct UnderWay {
    order: OrderId,
    all: Arc<Mutex<HashSet<OrderId>>>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.order);
    }
}

impl Payments {
    /// Payments through `gateway` and `shops`; no call to Paygent takes longer than `timeout`, and at most
    /// `concurrency` outcomes are asked for at once.
    pub fn new(
        gateway: CommandGateway,
        shops: Shops,
        serials: SerialNumbers,
        timeout: Duration,
        concurrency: usize,
    ) -> Self {
        let inquiries = Arc::new(Semaphore::new(concurrency));
        Self { gateway, shops, serials, timeout, under_way: Arc::default(), inquiries }
    }

    /// A call begins at most this long after its intent began to be written.
    fn send_within(&self) -> Duration {
        self.timeout
    }

    /// After this time a call whose intent is on record can no longer be under way (W11): it began within one
    /// time-out, ended within a second, and a third is for what a network may still hold.
    pub fn in_flight_limit(&self) -> Duration {
        self.timeout * 3
    }

    fn call_right(&self, begun: Moment) -> CallRight {
        CallRight { begun, within: self.send_within(), clock: self.gateway.clock().clone() }
    }

    fn start_on(&self, order: &OrderId) -> Option<UnderWay> {
        let mut all = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(order.clone()).then(|| UnderWay { order: order.clone(), all: self.under_way.clone() })
    }
}
