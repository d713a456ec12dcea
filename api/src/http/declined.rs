//! What Paygent refused, as an answer: at once, or when the request is repeated after nobody could be answered.

use super::problem::{Problem, unavailable};
use crate::app::App;
use axum::http::StatusCode;
use std::collections::HashMap;
use teiki_domain::ids::OrderId;
use teiki_domain::order::{Order, OrderEvent};
use uuid::Uuid;

/// Paygent's refusal of what this command asked when it was carried out by a process that could not answer any more, as
/// recovery found it.
pub(super) async fn refused_before(app: &App, id: &OrderId, command_id: Uuid) -> Result<Option<Problem>, Problem> {
    let events = app.gateway.store().load_events::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let command_id = command_id.to_string();
    let own = |metadata: &HashMap<String, String>| metadata.get("command_id") == Some(&command_id);
    let since = events.iter().skip_while(|event| !own(&event.metadata));
    // Up to what was asked for next: the outcome of that is another answer.
    let until = since.take_while(|event| own(&event.metadata) || !event.payload.asks_paygent());
    Ok(until.filter_map(|event| refused(&event.payload)).next())
}

/// Of an attempt with this code and detail.
pub(super) fn not_authorized(code: &str, detail: &str) -> Problem {
    if code.is_empty() {
        return unreached("Paygent was not reached, and the card was not charged; ask again", detail);
    }
    let title = "Paygent did not authorise the card";
    let problem = Problem::new(StatusCode::PAYMENT_REQUIRED, "authorization_refused", title);
    problem.paygent(code.to_owned(), detail.to_owned())
}

fn unreached(title: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, "paygent_unreachable", title).detail(detail).retryable()
}

/// Paygent's refusal of what was just asked.
pub(super) fn refused(event: &OrderEvent) -> Option<Problem> {
    let (name, title, code, detail) = match event {
        OrderEvent::AuthorizationFailed { code, detail, .. } => return Some(not_authorized(code, detail)),
        OrderEvent::CaptureFailed { code, detail, .. } => {
            ("capture_refused", "Paygent did not confirm the sale; the order stays authorised", code, detail)
        }
        OrderEvent::RevisionFailed { code, detail, .. } => {
            ("revision_refused", "Paygent did not lower the amount; the order stays authorised", code, detail)
        }
        OrderEvent::VoidFailed { code, detail, .. } => {
            ("void_refused", "Paygent did not cancel the authorisation; it stays", code, detail)
        }
        OrderEvent::RefundFailed { code, detail, .. } => {
            ("refund_refused", "Paygent did not cancel the sale; it stays", code, detail)
        }
        _ => return None,
    };
    if code.is_empty() {
        // Nothing was sent, so Paygent refused nothing.
        let title = match event {
            OrderEvent::CaptureFailed { .. } => "Paygent was not reached, and the sale is not confirmed; ask again",
            OrderEvent::RevisionFailed { .. } => "Paygent was not reached, and the amount is as it was; ask again",
            _ => "Paygent was not reached, and nothing was cancelled there; ask again",
        };
        return Some(unreached(title, detail));
    }
    Some(Problem::new(StatusCode::PAYMENT_REQUIRED, name, title).paygent(code.clone(), detail.clone()))
}
