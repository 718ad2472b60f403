"""The figures: `make bench` measures ratios against bases in the same run, and writes docs/performance.md."""
