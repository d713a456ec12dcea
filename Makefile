# make run   the demonstration: about 100 nights of a shop, then its pages on 127.0.0.1
# make test  every test, on SQLite and on a real PostgreSQL
# make torture  days in which everything breaks, on both stores; ROUNDS, MINUTES and SEED as you like
# make bench what the machine can do at most, and what Teiki does of it
# make contract holds the server against its description with Schemathesis; EXAMPLES and SECONDS as you like
# make openapi renews docs/openapi.json
# make reporting renews the pages in docs/reporting
# make plans  how lists are read with a million orders in the store, on both stores
# make lint  format and lint checks

CARGO ?= cargo
DEMO ?= demo
ROUNDS ?= 40
MINUTES ?= 20

.PHONY: run fresh test plans reporting torture lint bench golden openapi contract

run:
	$(CARGO) run -p teiki -- demo --folder $(DEMO)

fresh:
	$(CARGO) run -p teiki -- demo --folder $(DEMO) --fresh

test:
	tests/browser/install
	$(CARGO) build --workspace --bins
	tests/postgres $(CARGO) test --workspace

torture:
	$(CARGO) build --workspace --bins
	tests/postgres target/debug/teiki-torture --rounds $(ROUNDS) --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

reporting:
	UPDATE_DOCS=1 tests/postgres $(CARGO) test -p teiki-projections --test projections every_page_is

plans:
	TEIKI_PLAN_ROWS=1000000 tests/postgres $(CARGO) test -p teiki-projections --lib plans

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

bench:
	$(CARGO) build --release -p teiki -p paygent-simulator -p teiki-tests
	TEIKI_TEST_POSTGRES_FSYNC=on tests/postgres target/release/teiki-bench

openapi:
	UPDATE_OPENAPI=1 $(CARGO) test -p teiki --lib openapi

golden:
	UPDATE_GOLDEN=1 $(CARGO) test -p teiki-domain --test it golden

contract:
	tests/contract/run $(EXAMPLES) $(SECONDS)
