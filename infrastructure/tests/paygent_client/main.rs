//! The Paygent client against a small TLS server with scripted behaviour, and against the simulator.

// Helpers here are test code too, but the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used)]

mod secrets;
mod server;
mod simulator;
mod transport;

use teiki_domain::ids::TransactionId;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::paygent::AuthoriseStoredCard;

fn transaction() -> TransactionId {
    "02396000000000831705".parse().unwrap()
}

fn stored() -> AuthoriseStoredCard {
    AuthoriseStoredCard {
        transaction_id: transaction(),
        amount: Yen::new(1200).unwrap(),
        member: "02396-M0001".parse().unwrap(),
        card_id: "71".parse().unwrap(),
        sale_mode: SaleMode::AuthorizeAndCapture,
    }
}
