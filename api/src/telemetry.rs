//! Traces by OpenTelemetry: sent by its protocol over HTTP to where the configuration says, and nowhere otherwise.
//!
//! What is traced are the spans of the target [`SPANS`]: requests, commands, calls to Paygent, batches of projections, night
//! runs with their units, and deliveries of webhooks. They hold kinds, ids, codes and times; never a secret, a name or what
//! was asked. Everything else that the program and its libraries log stays out of them.

use crate::http::request_id::RequestId;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use std::fmt;
use teiki_domain::ids::ShopId;
use tracing::{Instrument as _, Span};

/// The target of the spans that are traced. Not `teiki`, so that log lines do not carry them all.
pub(crate) const SPANS: &str = "spans";

/// Traces that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    /// The exporter could not be made.
    #[cfg(feature = "otel")]
    #[error("traces cannot be sent to otel_endpoint ({0}); correct it, or leave it empty")]
    Exporter(String),
    /// This program was built without them.
    #[cfg(not(feature = "otel"))]
    #[error("otel_endpoint is set, and this program was built without traces; build it with the feature otel")]
    NotBuilt,
}

#[cfg(feature = "otel")]
mod sending {
    use super::{SPANS, TelemetryError};
    use axum::http::HeaderMap;
    use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
    use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use std::time::Duration;
    use tracing::level_filters::LevelFilter;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::registry::LookupSpan;

    /// Longest time one sending takes, and with it the end of the program.
    const TIMEOUT: Duration = Duration::from_secs(3);

    /// Sends traces until dropped; what is not sent yet is sent then.
    pub(crate) struct Tracing(SdkTracerProvider);

    impl Drop for Tracing {
        fn drop(&mut self) {
            // The log may be closed already, and a receiver that is gone is no reason to end badly.
            if let Err(error) = self.0.shutdown_with_timeout(TIMEOUT) {
                tracing::warn!(%error, "the last traces were not sent");
            }
        }
    }

    /// The layer that hands spans over, and what keeps sending alive; none without an endpoint.
    pub(crate) fn layer<S>(endpoint: &str) -> Result<Option<(impl Layer<S> + use<S>, Tracing)>, TelemetryError>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        if endpoint.is_empty() {
            return Ok(None);
        }
        // The sending client takes the same provider as everything else here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()
            .map_err(|error| TelemetryError::Exporter(error.to_string()))?;
        let resource = Resource::builder_empty()
            .with_attributes([
                opentelemetry::KeyValue::new("service.name", "teiki"),
                opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .build();
        let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("teiki"))
            // Where in our source a span begins says nothing to an operator.
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let only_ours = Targets::new().with_target(SPANS, LevelFilter::INFO);
        Ok(Some((layer.with_filter(only_ours), Tracing(provider))))
    }

    struct Headers<'h>(&'h HeaderMap);

    impl Extractor for Headers<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.get(name).and_then(|value| value.to_str().ok())
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(axum::http::HeaderName::as_str).collect()
        }
    }

    /// Makes a span the child of the one that the caller's `traceparent` names, if there is one.
    pub(super) fn follow(span: &tracing::Span, headers: &HeaderMap) {
        let caller = TraceContextPropagator::new().extract(&Headers(headers));
        if caller.span().span_context().is_valid() {
            // Without traces there is nothing to follow.
            let _ = span.set_parent(caller);
        }
    }
}

#[cfg(not(feature = "otel"))]
mod sending {
    use super::TelemetryError;
    use tracing_subscriber::Layer;

    /// Nothing is sent.
    pub(crate) struct Tracing;

    /// No layer: this program was built without.
    pub(crate) fn layer<S: tracing::Subscriber>(
        endpoint: &str,
    ) -> Result<Option<(impl Layer<S> + use<S>, Tracing)>, TelemetryError> {
        match endpoint.is_empty() {
            true => Ok(None::<(tracing_subscriber::layer::Identity, Tracing)>),
            false => Err(TelemetryError::NotBuilt),
        }
    }

    pub(super) fn follow(_: &tracing::Span, _: &axum::http::HeaderMap) {}
}

pub(crate) use sending::{Tracing, layer};

/// The span of a request, among what stands beside it.
#[derive(Debug, Clone)]
pub(crate) struct Traced(Span);

impl Traced {
    /// Says whose request it is, once that is known.
    pub(crate) fn of_shop(&self, shop: ShopId) {
        self.0.record("teiki.shop", shop.to_string().as_str());
    }
}

tokio::task_local! {
    /// The span of the request that is being answered. Spans that are only logged stand in between, and a task of its own
    /// that entered the innermost of them alone would not find it.
    static TRACED: Span;
}

/// Work that goes on on a task of its own as part of what is done here, for the log and for the traces.
pub(crate) fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let traced = TRACED.try_with(Clone::clone).ok();
    let work = async move {
        match traced {
            Some(span) => TRACED.scope(span.clone(), work.instrument(span)).await,
            None => work.await,
        }
    };
    work.in_current_span()
}

/// One span for a request, under the caller's own if it names one (W3C Trace Context). The route as written in the
/// program, never the address asked for: that may hold what people search for.
pub(crate) async fn request(mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().as_str().chars().take(16).collect::<String>();
    let span = tracing::info_span!(
        target: "spans",
        "request",
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
        teiki.request_id = tracing::field::Empty,
        teiki.shop = tracing::field::Empty,
    );
    sending::follow(&span, request.headers());
    if let Some(RequestId(id)) = request.extensions().get() {
        span.record("teiki.request_id", id.as_str());
    }
    request.extensions_mut().insert(Traced(span.clone()));
    let response = TRACED.scope(span.clone(), next.run(request)).instrument(span.clone()).await;
    span.record("http.response.status_code", i64::from(response.status().as_u16()));
    if response.status().is_server_error() {
        span.record("otel.status_code", "error");
    }
    response
}

/// Of a command only what it is: its parts may be secrets or personal. Formatting is cut off behind the name.
pub(crate) fn name_of(command: &impl fmt::Debug) -> String {
    struct Name(String);
    impl fmt::Write for Name {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for letter in text.chars() {
                if !letter.is_ascii_alphanumeric() {
                    return Err(fmt::Error);
                }
                self.0.push(letter);
            }
            Ok(())
        }
    }
    let mut name = Name(String::new());
    // An error is how it is cut off.
    let _ = fmt::write(&mut name, format_args!("{command:?}"));
    name.0
}

/// The span of a command on a stream.
pub(crate) fn command(aggregate: &'static str, id: &str, command: &impl fmt::Debug) -> Span {
    let span = tracing::info_span!(
        target: "spans",
        "command",
        otel.name = tracing::field::Empty,
        teiki.aggregate = aggregate,
        teiki.aggregate_id = id,
        teiki.command = tracing::field::Empty,
        teiki.shop = id.get(..5),
        teiki.events = tracing::field::Empty,
        teiki.outcome = tracing::field::Empty,
    );
    if !span.is_disabled() {
        let name = name_of(command);
        span.record("otel.name", format!("{aggregate} {name}").as_str());
        span.record("teiki.command", name.as_str());
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_command_only_its_name_is_told() {
        #[derive(Debug)]
        #[allow(dead_code)]
        enum Command {
            Plain,
            Tuple(&'static str),
            Fields { secret: &'static str },
        }
        for (command, name) in [
            (Command::Plain, "Plain"),
            (Command::Tuple("geheim"), "Tuple"),
            (Command::Fields { secret: "geheim" }, "Fields"),
        ] {
            assert_eq!(name_of(&command), name);
        }
    }
}
