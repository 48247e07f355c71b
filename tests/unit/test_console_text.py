"""Filters of a pipe, checked against what POSIX and GNU say they do."""

from __future__ import annotations

import pytest

from simnet.cluster import Cluster
from simnet.console import Session

TABLE = "NAME    READY   STATUS\nweb-1   1/1     Running\nweb-2   0/1     Pending\ndb-0    1/1     Running\n"


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(Cluster(addons=()), files={"t": TABLE, "n": "10\n9\n2\n2\n", "c": "a:b:c\nplain\n"})


ROWS = [  # command, standard output, status
    ("grep web t", "web-1   1/1     Running\nweb-2   0/1     Pending\n", 0),
    ("grep -c Running t", "2\n", 0),
    ("grep -v Running t", "NAME    READY   STATUS\nweb-2   0/1     Pending\n", 0),
    ("grep -i name t", "NAME    READY   STATUS\n", 0),
    ("grep -n db t", "4:db-0    1/1     Running\n", 0),
    ("grep -o 'web-[0-9]' t", "web-1\nweb-2\n", 0),
    ("grep -E '(web|db)-[01]' t", "web-1   1/1     Running\ndb-0    1/1     Running\n", 0),
    (r"grep 'web-1\|db' t", "web-1   1/1     Running\ndb-0    1/1     Running\n", 0),
    ("grep 'a+' c", "", 1),
    ("grep -F '1/1' t | wc -l", "2\n", 0),
    ("grep -A1 NAME t", "NAME    READY   STATUS\nweb-1   1/1     Running\n", 0),
    ("grep -B1 db t", "web-2   0/1     Pending\ndb-0    1/1     Running\n", 0),
    ("grep -q web t", "", 0),
    ("grep nosuch t", "", 1),
    ("grep -w 1 c", "", 1),
    ("grep plain c t", "c:plain\n", 0),
    ("head -n 2 n", "10\n9\n", 0),
    ("head -1 n", "10\n", 0),
    ("head -n -3 n", "10\n", 0),
    ("head -c 3 c", "a:b", 0),
    ("tail -n 1 n", "2\n", 0),
    ("tail -n +4 t", "db-0    1/1     Running\n", 0),
    ("wc -l t", "4 t\n", 0),
    ("wc -l < t", "4\n", 0),
    ("echo a b | wc", "      1       2       4\n", 0),
    ("sort n", "10\n2\n2\n9\n", 0),
    ("sort -n n", "2\n2\n9\n10\n", 0),
    ("sort -nru n", "10\n9\n2\n", 0),
    ("tail -n +2 t | sort -k 3", "web-2   0/1     Pending\ndb-0    1/1     Running\nweb-1   1/1     Running\n", 0),
    ("sort -n n | uniq", "2\n9\n10\n", 0),
    ("sort -n n | uniq -c", "      2 2\n      1 9\n      1 10\n", 0),
    ("cut -d : -f 2 c", "b\nplain\n", 0),
    ("cut -d : -f 2- c", "b:c\nplain\n", 0),
    ("awk '{print $1}' t", "NAME\nweb-1\nweb-2\ndb-0\n", 0),
    ("awk 'NR>1 {print $1, $3}' t", "web-1 Running\nweb-2 Pending\ndb-0 Running\n", 0),
    ("awk '/Running/ {print $1\"!\"}' t", "web-1!\ndb-0!\n", 0),
    ("awk '$3 == \"Pending\" {print NR}' t", "3\n", 0),
    ("awk -F: '{print $NF}' c", "c\nplain\n", 0),
    ("cat -n c", "     1\ta:b:c\n     2\tplain\n", 0),
    ("echo -n a", "a", 0),
    (r"echo -e 'a\tb'", "a\tb\n", 0),
    (r"printf '%s-%s\n' a b c d", "a-b\nc-d\n", 0),
    ("echo a | tee f; cat f", "a\na\n", 0),
]


@pytest.mark.parametrize(("line", "stdout", "status"), ROWS, ids=[row[0] for row in ROWS])
def test_a_filter_prints(session: Session, line: str, stdout: str, status: int) -> None:
    output = session.run(line)
    assert (output.stdout, output.stderr, output.status) == (stdout, "", status)


COMPLAINTS = [
    ("cat nosuch", "cat: nosuch: No such file or directory\n", 1),
    ("grep a nosuch", "grep: nosuch: No such file or directory\n", 2),
    ("grep --ignore-cases a t", "grep: unrecognized option '--ignore-cases'\n", 2),
    ("awk 'BEGIN {x=1}' t", "awk: 'BEGIN {x=1}' is not modelled: '[PATTERN] {print $N, ...}' is\n", 2),
    ("head -n x t", "head: invalid argument 'x' for --lines: a whole number is expected\n", 2),
    ("cut -f x t", "cut: invalid field value 'x'\n", 2),
    ("wc -z t", "wc: invalid option -- 'z'\n", 1),
]


@pytest.mark.parametrize(("line", "stderr", "status"), COMPLAINTS, ids=[row[0] for row in COMPLAINTS])
def test_a_filter_complains(session: Session, line: str, stderr: str, status: int) -> None:
    output = session.run(line)
    assert (output.stdout, output.stderr, output.status) == ("", stderr, status)
