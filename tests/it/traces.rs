//! Traces by OpenTelemetry: what belongs together hangs together, and nothing secret or personal is in them.

use crate::payment_life::order;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::StatusCode;
use serde_json::json;
use teiki::members::{self, Profile};
use teiki_domain::payment_method::SaleMode;
use teiki_tests::collector::Collector;
use teiki_tests::receiver::Receiver;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol_with_token, member, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

const NAME: &str = "秘密野 花子";
const MAIL: &str = "himitsu.hanako@example.jp";

fn spans(collector: &Collector) -> Vec<Span> {
    let mut spans = vec![];
    for body in collector.received() {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        for resource in request.resource_spans {
            let of = resource.resource.unwrap();
            assert!(of.attributes.iter().any(|one| one.key == "service.name" && text(&one.value) == "teiki"));
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    spans
}

fn text(value: &Option<opentelemetry_proto::tonic::common::v1::AnyValue>) -> String {
    match value.as_ref().and_then(|value| value.value.clone()) {
        Some(Any::StringValue(text)) => text,
        Some(Any::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|one| one.key == key);
    text(&found.unwrap_or_else(|| panic!("{} has no {key}: {:?}", span.name, span.attributes)).value)
}

fn parent<'s>(spans: &'s [Span], of: &Span) -> &'s Span {
    let found = spans.iter().find(|span| span.span_id == of.parent_span_id && span.trace_id == of.trace_id);
    found.unwrap_or_else(|| panic!("{} hangs in the air", of.name))
}

fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>()))
}

async fn what_belongs_together_hangs_together_and_tells_nothing_of_people(kind: StoreKind) {
    let collector = Collector::start().await;
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), ..Profile::default() };
    members::register(&app, &member(0), &profile, &because).await.unwrap();
    let token = stage.simulator.issue_token(&paygent_simulator::TestCard::ending("1111"));
    enrol_with_token(&app, 0, token.clone()).await;
    subscribe(&app, 0, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    app.stop().await;

    // A night by hand: the run, its unit, the unit's commands, the call of one of them.
    let traced = [("TEIKI_OTEL_ENDPOINT", collector.base.as_str()), ("TEIKI_WEBHOOK_PRIVATE_ADDRESSES", "true")];
    let renewed = stage.teiki(&["renew"]).envs(traced).output().await.unwrap();
    assert!(renewed.status.success(), "{}", String::from_utf8_lossy(&renewed.stderr));
    let night = spans(&collector);
    let call = named(&night, "Paygent 020");
    assert_eq!((attribute(call, "paygent.telegram_kind"), attribute(call, "paygent.code")), ("020".into(), "0".into()));
    let milliseconds: u64 = attribute(call, "paygent.milliseconds").parse().unwrap();
    assert!(milliseconds < 60_000 && call.end_time_unix_nano >= call.start_time_unix_nano);
    let unit = parent(&night, call);
    assert_eq!((unit.name.as_str(), attribute(unit, "teiki.subscription_id").as_str()), ("renewal", "02396-D00000"));
    assert_eq!(parent(&night, unit).name, "night run");
    for command in ["subscription GenerateNextOrder", "order Generate", "order RecordAuthorized"] {
        let command = named(&night, command);
        assert_eq!(parent(&night, command).span_id, unit.span_id, "{}", command.name);
        assert_eq!(attribute(command, "teiki.shop"), "02396");
        assert_eq!(attribute(command, "teiki.outcome"), "done");
    }
    let batch = named(&night, "projection batch");
    assert!(attribute(batch, "teiki.projections").contains("order_list"));
    let position = |key: &str| attribute(batch, key).parse::<i64>().unwrap();
    assert!(position("teiki.position.from") < position("teiki.position.to"));
    assert!(batch.parent_span_id.is_empty(), "a batch is of everybody");

    // A request with a key of its own and a caller who traces: everything hangs under the caller's span, also what goes
    // on on another task.
    let hook = Receiver::start().await;
    let served = Served::start(&stage, &traced).await;
    let body = json!({"url": hook.url("/hook?token=geheim"), "types": ["order.*"]});
    let (status, made) = served.post("/v1/webhooks", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let (trace, caller) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let capture = served.client.post(format!("{}/v1/orders/{}/capture", served.base, order(0)));
    let capture = capture.header("traceparent", format!("00-{trace}-{caller}-01")).header("idempotency-key", "k");
    assert_eq!(capture.header("x-actor", "HIMITSU").send().await.unwrap().status(), StatusCode::OK);
    let (status, _) = served.get(&format!("/v1/members/{}", member(0))).await;
    assert_eq!(status, StatusCode::OK);
    hook.until("/hook", 2).await;
    let (base, client) = (served.base.clone(), served.client.clone());
    let key = client.get(format!("{base}/v1/members")).build().unwrap();
    let key = key.headers().get("authorization").map(|key| key.to_str().unwrap().to_owned());
    served.stop().await;
    let all = spans(&collector);
    let request = named(&all, "POST /v1/orders/{id}/capture");
    assert_eq!((hex::encode(&request.trace_id), hex::encode(&request.parent_span_id)), (trace.into(), caller.into()));
    assert_eq!(attribute(request, "http.response.status_code"), "200");
    assert_eq!(attribute(request, "teiki.shop"), "02396");
    for name in ["Paygent 022", "order Capture", "order RecordDone"] {
        let span = named(&all, name);
        assert_eq!(parent(&all, span).span_id, request.span_id, "{name}");
    }
    let delivery = named(&all, "webhook delivery");
    assert_eq!(attribute(delivery, "http.response.status_code"), "204");
    assert_eq!(attribute(delivery, "teiki.event"), "order.capture_requested");
    assert!(delivery.parent_span_id.is_empty());

    let bytes = collector.received().concat();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("order Capture"), "what is searched are the traces");
    let merchant = paygent_simulator::Merchant::demonstration();
    let mut hidden =
        vec![NAME, MAIL, "geheim", "HIMITSU", &token, &secret, &merchant.connect_password, &merchant.token_key];
    hidden.extend(key.as_deref());
    for text in hidden {
        assert!(!holds(text), "{text}");
    }
    stage.close().await;
}

/// A receiver that is not there neither stops work nor keeps the program from ending.
async fn a_receiver_that_is_not_there_changes_nothing(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    let served = Served::start(&stage, &[("TEIKI_OTEL_ENDPOINT", "http://127.0.0.1:1")]).await;
    assert_eq!(served.get("/v1/members").await.0, StatusCode::OK);
    let begun = std::time::Instant::now();
    served.stop().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    stage.close().await;
}

on_both_stores!(
    what_belongs_together_hangs_together_and_tells_nothing_of_people,
    a_receiver_that_is_not_there_changes_nothing,
);
