"""Fuzzing: what is promised (targets), and the fuzzer that looks for bytes that break it (`python tests/fuzz`)."""
