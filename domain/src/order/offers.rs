//! What may be asked of an order as it stands: asked of the order itself, so that no page has rules of its own (O4-O10,
//! O16, O17).

use super::commands::{AuthorizeOrder, OrderCommand as Command};
use super::refusals::OrderRefusal as Refusal;
use super::state::{Details, Order};
use crate::basket::{Basket, Charge};
use crate::cqrs::Decide as _;
use crate::money::Yen;
use crate::payment_method::PaymentMethod;

/// Why a command is not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// The order refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It would change nothing: it is so already.
    #[error("it is so already")]
    Already,
}

/// For each thing an operator can ask of an order: whether it would happen, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offers {
    /// 売上確定 (O5).
    pub capture: Result<(), Withheld>,
    /// 取引更新 (O6).
    pub update_transaction: Result<(), Withheld>,
    /// 再オーソリ on the card in force (O17).
    pub authorize: Result<(), Withheld>,
    /// キャンセル (O10).
    pub cancel: Result<(), Withheld>,
    /// 受注完了 (O11).
    pub complete: Result<(), Withheld>,
    /// Another content or price (O6, O17).
    pub change_basket: Result<(), Withheld>,
    /// 待機終了: wait no longer for the open attempt (W8).
    pub give_up: Result<(), Withheld>,
    /// Setting or taking away 入金チェック (O16).
    pub check_payment: Result<(), Withheld>,
}

impl Order {
    /// Whether the command would make anything happen now. Decides as the command itself would, and changes nothing.
    pub fn would_accept(&self, command: Command) -> Result<(), Withheld> {
        if self.decide(command)?.is_empty() { Err(Withheld::Already) } else { Ok(()) }
    }

    /// What an operator may ask. `ask` is what an attempt made now would depend on; none for an order that does not exist.
    pub fn offers(&self, ask: &AuthorizeOrder) -> Option<Offers> {
        let details = self.details()?;
        let today = ask.today;
        let open = details.open_attempt().or(details.attempts.last()).map_or(1, |attempt| attempt.number);
        Some(Offers {
            capture: self.would_accept(Command::Capture { today }),
            update_transaction: self.would_accept(Command::UpdateTransaction(Box::new(ask.clone()))),
            authorize: self.would_accept(Command::Authorize(Box::new(ask.clone()))),
            cancel: self.would_accept(Command::Cancel { today }),
            complete: self.would_accept(Command::Complete),
            change_basket: self.would_accept(Command::ChangeBasket(another(&details.basket))),
            give_up: self.would_accept(Command::GiveUp { attempt: open }),
            check_payment: self.would_accept(Command::CheckPayment { checked: !details.payment_checked }),
        })
    }
}

impl Details {
    /// Whether the order could be paid by this method from now on (O17).
    pub fn would_take(&self, method: &PaymentMethod) -> Result<(), Withheld> {
        Order::Generated(Box::new(self.clone())).would_accept(Command::ChangePaymentMethod(method.clone()))
    }
}

/// A basket that differs from this one in its shipping alone.
fn another(basket: &Basket) -> Basket {
    let shippings = match basket.shipping() {
        Charge::ToBeQuoted => vec![Charge::Fixed(Yen::ZERO)],
        Charge::Fixed(_) => vec![Charge::ToBeQuoted],
    };
    let differs = |shipping| Basket::new(basket.lines().to_vec(), shipping, basket.fee()).ok();
    shippings.into_iter().find_map(differs).unwrap_or_else(|| basket.clone())
}
