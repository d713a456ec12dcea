use teiki_domain::webhook::WebhookEvent as Event;

pub(crate) fn webhook() -> Vec<Event> {
    let registered = |types: &[&str], description: &str| Event::WebhookRegistered {
        webhook_id: "02396-W00000001".parse().unwrap(),
        host: "shop.example".to_owned(),
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        description: description.to_owned(),
    };
    vec![
        registered(&["member.registered", "order.*"], "倉庫 \"本店\""),
        registered(&[], ""),
        Event::WebhookSecretRotated { secret: 2, overlap_hours: 24 },
        Event::WebhookDisabled { reason: "the receiver answered 410 Gone".to_owned() },
        Event::WebhookEnabled {},
        Event::WebhookDeliveryRepeated { delivery: "msg_2b5d2c1c86cb5c7fa3b2f5a8d7c1e9f0".to_owned(), position: 4_711 },
        Event::WebhookRemoved {},
    ]
}
