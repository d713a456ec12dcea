//! What an order offers is what it accepts: a button is enabled exactly when its command would be carried out.

use crate::history::History;
use crate::order_invariants::{ask, command, generate};
use crate::values::{basket, cases, cash, day, sale_mode};
use proptest::prelude::*;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::order::{Cause, Order, OrderCommand as Command, OrderRefusal as Refusal, Withheld};
use teiki_domain::payment_method::PaymentMethod;

/// What the command comes to when it is really given.
fn given(order: &Order, command: Command) -> Result<(), Withheld> {
    match order.decide(command) {
        Ok(events) if events.is_empty() => Err(Withheld::Already),
        Ok(_) => Ok(()),
        Err(refusal) => Err(Withheld::Refused(refusal)),
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn o5_to_o11_what_is_offered_is_accepted_and_nothing_else(
        mode in sale_mode(),
        commands in prop::collection::vec(command(), 0..14),
        days in 0..80_u64,
    ) {
        let mut history = History::<Order>::new();
        history.tell(generate(mode)).unwrap();
        for command in commands {
            let _ = history.tell(command);
        }
        let order = history.state.clone();
        let details = order.details().unwrap();
        let today = day("2026-04-01") + chrono::Days::new(days);
        let asked = ask(details.next_attempt(), Cause::Operator, 1, today);
        let offers = order.offers(&asked).unwrap();
        let open = details.attempts.iter().find(|attempt| !attempt.is_decided() && !attempt.given_up);
        for (offer, command) in [
            (&offers.capture, Command::Capture { today }),
            (&offers.update_transaction, Command::UpdateTransaction(Box::new(asked.clone()))),
            (&offers.authorize, Command::Authorize(Box::new(asked.clone()))),
            (&offers.cancel, Command::Cancel { today }),
            (&offers.complete, Command::Complete),
            (&offers.check_payment, Command::CheckPayment { checked: !details.payment_checked }),
        ] {
            prop_assert_eq!(offer, &given(&order, command));
        }
        // The page does not know yet which amounts will be entered; any that differ fare alike.
        for goods in [1_111, 2_222] {
            prop_assert_eq!(&offers.change_basket, &given(&order, Command::ChangeBasket(basket(goods))));
        }
        for method in [cash(), PaymentMethod::Card] {
            prop_assert_eq!(details.would_take(&method), given(&order, Command::ChangePaymentMethod(method)));
        }
        if let Some(open) = open {
            prop_assert_eq!(&offers.give_up, &given(&order, Command::GiveUp { attempt: open.number }));
        } else {
            prop_assert!(offers.give_up.is_err());
        }
        prop_assert_eq!(&order, &history.state, "asking changes nothing");
    }

    #[test]
    fn o16_the_payment_check_is_a_mark_and_nothing_else(
        mode in sale_mode(),
        commands in prop::collection::vec(command(), 0..14),
    ) {
        let mut history = History::<Order>::new();
        history.tell(generate(mode)).unwrap();
        for command in commands {
            let _ = history.tell(command);
        }
        let before = history.state.details().unwrap().clone();
        match history.tell(Command::CheckPayment { checked: true }) {
            Err(refusal) => {
                let expected = if before.cancelled { Refusal::Cancelled } else { Refusal::Completed };
                prop_assert_eq!(refusal, expected);
                prop_assert!(before.cancelled || before.completed);
            }
            Ok(events) => {
                prop_assert_eq!(events.len(), 1);
                prop_assert_eq!(history.tell(Command::CheckPayment { checked: true }).unwrap(), vec![]);
                prop_assert!(history.state.details().unwrap().payment_checked);
                history.tell(Command::CheckPayment { checked: false }).unwrap();
                prop_assert_eq!(history.state.details().unwrap(), &before, "nothing else has changed");
                history.check_replay();
            }
        }
    }
}
