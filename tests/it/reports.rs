//! Reports at the doors (A7): pages of JSON, what position they reach, the command line, the database role.

use crate::payment_life::{day, order, served};
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::Connection as _;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand};
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, enrol, key_of, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

async fn run(stage: &Stage, arguments: &[&str]) -> (bool, Vec<u8>, String) {
    let output = stage.teiki(arguments).output().await.unwrap();
    (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn of<'r>(row: &'r Value, columns: &[&str]) -> Vec<&'r Value> {
    columns.iter().map(|column| &row[column]).collect()
}

async fn reports_say_what_happened_and_how_far_they_reach(kind: StoreKind) {
    // 8205 is over its limit.
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "8205", "1111"]).await;
    let (status, captured) = served.post(&format!("/v1/orders/{}/capture", order(0)), &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{captured}");
    let position = captured["position"].as_i64().unwrap();

    // What was just done is in the report that waits for it.
    let response = served
        .client
        .get(format!("{}/v1/reports/daily_sales?min_position={position}", served.base))
        .send()
        .await
        .unwrap();
    let header: i64 = response.headers()["teiki-position"].to_str().unwrap().parse().unwrap();
    let sales: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert!(header >= position && sales["position"] == header, "{header} {sales}");
    let columns = [
        "shop_id",
        "business_day",
        "authorized_count",
        "authorized_yen",
        "captured_count",
        "captured_yen",
        "failed_count",
    ];
    assert_eq!(
        of(&sales["rows"][0], &columns),
        [&json!("02396"), &json!("2026-04-01"), &json!(2), &json!(10_000), &json!(1), &json!(5_000), &json!(1)]
    );
    assert_eq!(sales["rows"].as_array().unwrap().len(), 1);

    let codes = served.get_json("/v1/reports/daily_failures").await;
    let failed = served.get_json("/v1/orders?failed_only=true").await;
    assert_eq!(codes["rows"][0]["code"], failed["orders"][0]["failure"]["code"]);
    let renewals = served.get_json("/v1/reports/renewals").await;
    let rates = ["generated", "authorized", "failed", "unrecovered", "success_rate"];
    assert_eq!(of(&renewals["rows"][0], &rates), [&json!(3), &json!(2), &json!(1), &json!(1), &json!(6666)]);
    let ageing = served.get_json("/v1/reports/authorization-ageing").await;
    assert_eq!(
        of(&ageing["rows"][0], &["days_since", "payments", "payment_yen"]),
        [&json!("00-07"), &json!(1), &json!(5_000)]
    );
    let upcoming = served.get_json("/v1/reports/upcoming_renewals").await;
    assert_eq!(
        of(&upcoming["rows"][0], &["generation_date", "renewals", "card_yen"]),
        [&json!("2026-05-01"), &json!(3), &json!(15_000)]
    );
    let days = served.get_json("/v1/reports/subscription_days").await;
    assert_eq!(of(&days["rows"][0], &["started", "running_at_end"]), [&json!(3), &json!(3)]);

    // O1: the transaction ID, and pages.
    let orders = served.get_json("/v1/reports/orders?limit=2&from=2026-04-01&to=2026-04-01").await;
    let paid = &orders["rows"][0];
    assert_eq!(paid["transaction_id"].as_str().unwrap().len(), 20);
    let cursor = orders["next_cursor"].as_str().unwrap();
    let rest = served.get_json(&format!("/v1/reports/orders?limit=2&cursor={cursor}")).await;
    assert_eq!((rest["rows"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));
    assert_eq!(served.get_json("/v1/reports/orders?from=2026-04-02").await["rows"], json!([]));

    let listed = served.get_json("/v1/reports").await;
    let columns: Vec<_> = listed["reports"][0]["columns"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(columns.len(), paid.as_object().unwrap().len());
    served.stop().await;
    stage.close().await;
}

async fn a_position_is_waited_for_and_not_for_ever(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    for path in ["/v1/orders", "/v1/cards/expiring", "/v1/reports/orders"] {
        let at = served.get_json(path).await["position"].as_i64().unwrap();
        let head = served.client.get(format!("{}{path}?min_position={at}", served.base)).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK);
        assert!(head.headers()["teiki-position"].to_str().unwrap().parse::<i64>().unwrap() >= at, "{path}");
        for wrong in ["-1", "soon", "99999999999999999999"] {
            let (status, text) = served.get(&format!("{path}?min_position={wrong}")).await;
            assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("min_position"), "{path}: {text}");
        }
    }
    let (status, text) = served.get("/v1/orders?min_position=1000000").await;
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    assert_eq!((&problem["code"], &problem["field"]), (&json!("validation"), &json!("min_position")));
    // An array is no body, though serde would take one for its fields in their order.
    let (status, problem) = served.put("/v1/shops/02396/applicability", &json!([null, null])).await;
    assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("body")), "{problem}");
    served.stop().await;
    stage.close().await;
}

async fn bad_questions_get_a_problem_and_keys_open_only_their_own(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    for (path, status, said) in [
        ("nothing", 404, "daily_sales"),
        ("orders?from=2026-02-30", 422, "from"),
        ("orders?from=2026-04-02&to=2026-04-01", 422, "before from"),
        ("card_expiry?from=2026-04-01", 422, "not held against dates"),
        ("orders?format=xlsx", 422, "format"),
        ("orders?format=csv&encoding=latin1", 422, "encoding"),
        ("orders?format=parquet&encoding=utf-8", 422, "encoding"),
        ("orders?format=csv&limit=10", 422, "format"),
        ("orders?limit=0", 422, "limit"),
        ("orders?cursor=x", 422, "cursor"),
        ("orders?surprise=1", 422, "surprise"),
        ("orders?shop=02397", 404, "shop"),
        ("orders?cursor=%27;DROP~TABLE", 200, "rows"),
    ] {
        let (got, text) = served.get(&format!("/v1/reports/{path}")).await;
        assert!(got.as_u16() == status && text.contains(said), "{path}: {got} {text}");
    }
    // A key of another shop sees that shop, which has nothing; one that may not read sees nothing at all.
    let other = client(&key_of(&stage.url, "02397".parse().unwrap(), &[Scope::Reading], stage.now).await);
    let blind = client(&stage.key(&[Scope::Commands]).await);
    for name in ["orders", "payments", "daily_sales", "subscriptions", "authorization_ageing"] {
        let ask = |client: &reqwest::Client| client.get(format!("{}/v1/reports/{name}", served.base)).send();
        let rows: Value = serde_json::from_str(&ask(&other).await.unwrap().text().await.unwrap()).unwrap();
        assert_eq!(rows["rows"], json!([]), "{name}");
        assert_eq!(ask(&blind).await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    served.stop().await;
    stage.close().await;
}

async fn the_command_line_prints_tables_and_writes_files(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for i in 0..2 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:30", day("2026-04-01"), 5_000).await;
    }
    app.stop().await;
    stage.simulator.script(Rule::once(Fault::decline("2003", "detail")).on(TelegramKind::Authorise));
    assert!(run(&stage, &["renew"]).await.0);

    let (well, table, told) = run(&stage, &["report", "daily-sales"]).await;
    let table = String::from_utf8(table).unwrap();
    assert!(
        well && table.contains("日次売上") && table.contains("売上金額") && table.contains("5,000円"),
        "{table}{told}"
    );
    let (_, table, _) = run(&stage, &["report", "renewals", "--shop", "02396"]).await;
    assert!(String::from_utf8(table).unwrap().contains("50.00%"));
    let (_, lines, _) = run(&stage, &["report", "orders", "--format", "json", "--from", "2026-04-01"]).await;
    let rows: Vec<Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.iter().map(|row| &row["payment_status"]).collect::<Vec<_>>().len(), 2);

    for (format, name, begins) in [("csv", "a.csv", &b"\xEF\xBB\xBForder_id,"[..]), ("csv-sjis", "b.csv", b"order_id,")]
    {
        let path = stage.folder().join(name);
        let arguments = ["report", "orders", "--format", format, "--out", path.to_str().unwrap()];
        let (well, out, told) = run(&stage, &arguments).await;
        assert!(well && out.is_empty(), "{told}");
        assert!(std::fs::read(&path).unwrap().starts_with(begins), "{format}");
    }
    let (_, listed, _) = run(&stage, &["report"]).await;
    assert!(String::from_utf8(listed).unwrap().contains("今後の継続課金"));
    for (wrong, said) in [
        (&["report", "nothing"][..], "the reports are orders"),
        (&["report", "orders", "--shop", "09999"], "no shop 09999"),
        (&["report", "card_expiry", "--to", "2026-04-01"], "not held against dates"),
        (&["report", "orders", "--format", "csv", "--out", "/nowhere/x.csv"], "/nowhere/x.csv cannot be written"),
        (&["reporting-role", "--role", "a;b"], "cannot be the name of a role"),
    ] {
        let (well, _, told) = run(&stage, wrong).await;
        assert!(!well && told.contains(said), "{wrong:?}: {told}");
    }
    stage.close().await;
}

async fn the_reporting_role_is_made_on_the_command_line(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let role = format!("teiki_it_reader_{}", std::process::id());
    let (well, printed, told) = run(&stage, &["reporting-role", "--role", &role, "--print"]).await;
    if kind == StoreKind::Sqlite {
        assert!(!well && told.contains("an embedded store has no roles"), "{told}");
        stage.close().await;
        return;
    }
    let printed = String::from_utf8(printed).unwrap();
    assert!(well && printed.contains(&format!("CREATE ROLE {role} NOLOGIN")) && printed.contains("report_orders"));
    let pool = sqlx::PgPool::connect(&stage.url).await.unwrap();
    let exists = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
    let is_there = async || sqlx::query_scalar::<_, bool>(exists).bind(&role).fetch_one(&pool).await.unwrap();
    assert!(!is_there().await, "printing makes nothing");
    assert!(run(&stage, &["reporting-role", "--role", &role]).await.0);
    assert!(is_there().await);
    assert!(run(&stage, &["reporting-role", "--role", &role]).await.0, "it may be run again");
    let reads_only = "SELECT 'default_transaction_read_only=on' = ANY (rolconfig) FROM pg_roles WHERE rolname = $1";
    let reads_only: Option<bool> = sqlx::query_scalar(reads_only).bind(&role).fetch_one(&pool).await.unwrap();
    assert_eq!(reads_only, Some(true));
    for (thing, may) in [("report_orders", true), ("events", false), ("event_log", false), ("member_keys", false)] {
        let found: bool = sqlx::query_scalar("SELECT has_table_privilege($1, $2, 'SELECT')")
            .bind(&role)
            .bind(thing)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(found, may, "{thing}");
    }
    for statement in [format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")] {
        sqlx::query(&statement).execute(&pool).await.unwrap();
    }
    pool.close().await;
    stage.close().await;
}

/// Keeps the tables from following the log, as a store under heavy load does, until it is let go.
async fn hold_back(stage: &Stage, hold: bool) {
    let sql = match (stage.url.starts_with("sqlite:"), hold) {
        (true, true) => {
            "CREATE TRIGGER held BEFORE UPDATE ON projection_checkpoints WHEN NEW.name = 'order_list' \
             BEGIN SELECT RAISE(ABORT, 'held'); END"
        }
        (true, false) => "DROP TRIGGER held",
        (false, true) => {
            "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'held' \
             USING ERRCODE = '40001'; END $$; CREATE TRIGGER held BEFORE UPDATE ON projection_checkpoints FOR EACH ROW \
             WHEN (NEW.name = 'order_list') EXECUTE FUNCTION held()"
        }
        (false, false) => "DROP TRIGGER held ON projection_checkpoints; DROP FUNCTION held",
    };
    if let Some(path) = stage.url.strip_prefix("sqlite:") {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&stage.url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

async fn tables_that_lag_are_waited_for_and_then_told(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let served = Served::start(&stage, &[]).await;
    hold_back(&stage, true).await;
    let because = app.gateway.because("test", "an event the tables do not show yet");
    let command = ShopSettingsCommand::ChangeLeadTime(3);
    app.gateway.execute::<ShopSettings>("02396", &because, command).await.unwrap();
    let head = app.sequencer.catch_up().await.unwrap();
    let path = format!("/v1/orders?min_position={head}");
    let begun = std::time::Instant::now();
    let (status, text) = served.get(&path).await;
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("position_not_reached")), "{text}");
    assert_eq!(problem["retryable"], true);
    assert!(begun.elapsed() >= std::time::Duration::from_secs(4), "it was waited for: {:?}", begun.elapsed());
    // Without asking for a position, what there is is answered, and says how far it reaches.
    let response = served.client.get(format!("{}/v1/orders", served.base)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let reached: i64 = response.headers()["teiki-position"].to_str().unwrap().parse().unwrap();
    assert!(reached < head, "{reached} {head}");
    hold_back(&stage, false).await;
    served.until(&path, |_| true).await;
    served.stop().await;
    app.stop().await;
    stage.close().await;
}

on_both_stores!(
    tables_that_lag_are_waited_for_and_then_told,
    reports_say_what_happened_and_how_far_they_reach,
    a_position_is_waited_for_and_not_for_ever,
    bad_questions_get_a_problem_and_keys_open_only_their_own,
    the_command_line_prints_tables_and_writes_files,
    the_reporting_role_is_made_on_the_command_line,
);
