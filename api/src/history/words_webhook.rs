//! Webhooks: every event in words.

use teiki_domain::webhook::WebhookEvent as Event;

pub(super) fn text(event: &Event) -> String {
    match event {
        Event::WebhookRegistered { webhook_id, host, types, description } => {
            let types = if types.is_empty() { "すべてのイベント".to_owned() } else { types.join("、") };
            let description = if description.is_empty() { String::new() } else { format!("「{description}」") };
            format!("Webhookを登録: {webhook_id}{description}、送信先 {host}、{types}")
        }
        Event::WebhookSecretRotated { secret, overlap_hours } => {
            format!("Webhookの署名鍵を更新({secret}本目、前の鍵は {overlap_hours} 時間併用、鍵は非表示)")
        }
        Event::WebhookDisabled { reason } => format!("Webhookへの送信を停止: {reason}"),
        Event::WebhookEnabled {} => "Webhookへの送信を再開".to_owned(),
        Event::WebhookDeliveryRepeated { delivery, position } => {
            format!("Webhookの配信をやり直し: 位置 {position} のイベント({delivery})")
        }
        Event::WebhookRemoved {} => "Webhookを削除".to_owned(),
    }
}
