//! Whatever is asked of a product: what always holds.

use crate::history::History;
use crate::values::{cases, yen};
use proptest::prelude::*;
use teiki_domain::product::{Content, Product, ProductCommand as Command, Status};

fn content() -> impl Strategy<Value = Content> {
    let name = prop_oneof![6 => "[あ-う]{1,2}", 1 => any::<String>(), 1 => "x{198,203}"];
    let price = prop_oneof![6 => 0..3_i64, 1 => 9_999_998..10_000_001_i64];
    let tax = prop_oneof![6 => prop::sample::select(vec![0_u8, 8, 10]), 1 => any::<u8>()];
    (name, price, tax).prop_map(|(name, price, tax_percent)| Content { name, unit_price: yen(price), tax_percent })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => content().prop_map(|content| Command::Register { product_id: "02396-C-1".parse().unwrap(), content }),
        3 => content().prop_map(|content| Command::Change { content }),
        1 => Just(Command::Withdraw),
    ]
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn s2_invariants_hold_after_every_step(commands in prop::collection::vec(command(), 1..40)) {
        let mut history = History::<Product>::new();
        for command in commands {
            let before = history.state.clone();
            match history.tell(command.clone()) {
                Err(_) => prop_assert_eq!(&before, &history.state),
                Ok(events) => {
                    prop_assert!(events.len() <= 1);
                    prop_assert_eq!(events.is_empty(), before == history.state, "an event is a change, and the reverse");
                    prop_assert_eq!(history.repeated(command.clone()), vec![], "a repetition has no second effect");
                    // Kept apart from the state under test: what was asked for is what there is.
                    let now = history.state.details().unwrap();
                    match command {
                        Command::Withdraw => prop_assert_eq!(now.status, Status::Withdrawn),
                        Command::Register { content, .. } | Command::Change { content } => {
                            prop_assert_eq!(now.status, Status::OnSale);
                            prop_assert_eq!((&now.name, now.unit_price), (&content.name, content.unit_price));
                            prop_assert_eq!(now.tax_percent, content.tax_percent);
                        }
                    }
                }
            }
            if let Some(now) = history.state.details() {
                prop_assert!((1..=200).contains(&now.name.chars().count()) && !now.name.chars().any(char::is_control));
                prop_assert!(now.unit_price <= yen(9_999_999) && [0, 8, 10].contains(&now.tax_percent));
            }
        }
        history.check_replay();
    }

    #[test]
    fn asked_of_no_product_everything_but_register_is_refused(command in command()) {
        let registers = matches!(command, Command::Register { .. });
        prop_assert!(registers || History::<Product>::new().tell(command).is_err());
    }
}
