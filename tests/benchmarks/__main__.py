"""Prints the benchmark bars as ratios against a named peer of the same run.

    python -m tests.benchmarks            everything, several minutes
    python -m tests.benchmarks --smoke    small sizes: shows that every benchmark runs; bars are printed, not enforced
"""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks import addresses, dns, http, ingress, manifests, paths, pods, requests, selectors, startup, vips
from tests.benchmarks.bench import Row

GROUPS = {"T": startup.rows, "W": requests.rows, "S": pods.rows, "I": ingress.rows, "Y": manifests.rows,
          "A": addresses.rows, "E": selectors.rows, "V": vips.rows, "G": paths.rows, "D": dns.rows, "H": http.rows}
NOTES = {"A": addresses.NOTE}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"which groups ({', '.join(GROUPS)}); default: all")
    parser.add_argument("--smoke", action="store_true", help="small sizes, nothing enforced")
    arguments = parser.parse_args()
    print(f"{'bar':<4} {'what':<50} {'peer':<32} {'ours':>11} {'theirs':>11} {'ratio':>7}    bar")
    found: list[Row] = []
    for name in arguments.groups or GROUPS:
        for row in GROUPS[name](arguments.smoke):
            print(row, flush=True)
            found.append(row)
        if name in NOTES:
            print(NOTES[name], flush=True)
    missed = [row for row in found if row.met is False]
    return 1 if missed and not arguments.smoke else 0


if __name__ == "__main__":
    sys.exit(main())
