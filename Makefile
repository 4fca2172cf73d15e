# The five targets that one needs. scripts/test.sh is what they run, and what CI runs.

.PHONY: build test lint demo bench

build: ## the program, as ./tenfour
	go build .

test: ## all the checks; make test STEPS="vet race docs" runs the steps whose name begins so
	scripts/test.sh $(STEPS)

lint: ## format, vet, staticcheck, and what is checked of the docs
	scripts/test.sh fmt vet staticcheck "docs: flags" "docs: links" "docs: house" "docs: words"

demo: ## 80 clients and four Python servers, with tenfour and without
	scripts/demo.sh

bench: ## tenfour beside nginx, HAProxy and Caddy, short: docs/performance.md
	go run ./bench --quick
