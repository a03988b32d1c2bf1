# shellcheck shell=bash
# Step `node`: shipmate itself, in release mode.

# rustup's folder is on the PATH of login shells only.
find_cargo() {
  if have cargo; then return 0; fi
  if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    return 0
  fi
  fail "there is no Rust on this machine: 'cargo' was not found" \
    "Install it: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y" \
    "then open a new shell and run this again."
}

check_rust_version() {
  local wanted found
  wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$SHIPMATE_ROOT/Cargo.toml")
  found=$(cd "$SHIPMATE_ROOT" && cargo --version | awk '{ print $2 }')
  if [ -n "$wanted" ] && [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    fail "Rust $found is too old: shipmate needs $wanted or newer" \
      "With rustup: rustup update stable. A distribution's own cargo is often too old; rustup.rs has the newest."
  fi
}

_cargo_build() { (cd "$SHIPMATE_ROOT" && cargo build --release --locked); }

step_node() {
  heading "The node (Rust, release)"
  find_cargo
  check_rust_version
  # shellcheck source=scripts/env.sh
  . "$SHIPMATE_ROOT/scripts/env.sh"
  logged cargo-build "The first 'error' in the log tells what is wrong; 'make build' tries again." _cargo_build
  if grep -q '^ *Compiling' "$LOG_DIR/cargo-build.log"; then
    detail "built: $(command -v shipmate || echo target/release/shipmate)"
  else
    already "$(command -v shipmate || echo target/release/shipmate)"
  fi
}
