# What one does with shipmate from a checkout. Everything here is a script's name; the scripts say what they do.
.DEFAULT_GOAL := help
SHELL := /bin/bash
WITH_ENV := . scripts/env.sh &&

.PHONY: help setup build demo demo-stop test soak graph-worlds bench bench-graph fuzz lint deny clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## bring everything that is missing: packages, Docker, ROS 2, interfaces, images, the node
	@scripts/setup.sh

build: ## the interfaces and the node, in release mode
	@scripts/setup.sh --only apt ros interfaces node

demo: ## set up, then deploy three packages of real ROS nodes and show them
	@scripts/setup.sh
	@scripts/demo.sh

demo-stop: ## take the demo down again
	@scripts/demo.sh stop

test: ## set up, then every test
	@scripts/test.sh

soak: ## set up, then hundreds of random operations, and what they left (scripts/soak.sh says more)
	@scripts/setup.sh
	@scripts/soak.sh

graph-worlds: ## set up, then the dependency graph of 30 random worlds (scripts/graph-worlds.sh says more)
	@scripts/setup.sh
	@scripts/graph-worlds.sh

bench: ## set up, then measure beside the plain engine and docker compose
	@scripts/setup.sh
	@scripts/bench.sh

bench-graph: ## set up, then measure the dependency graph beside asking each node through rclpy
	@scripts/setup.sh
	@scripts/bench-graph.sh

fuzz: ## fuzz what reads the network (fuzz/README.md says more); brings nightly Rust and cargo-fuzz if they are missing
	@scripts/fuzz.sh

lint: ## formatting, clippy, shellcheck and cargo-deny (the last two where they are installed)
	@scripts/lint.sh

deny: ## check licences and advisories of all crates; installs cargo-deny if it is missing
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	@cargo deny --all-features check

clean: ## remove what was built in the checkout (the cache folder and the images stay)
	@rm -rf target build install log
