"""Random malformed stories: a clear error or a result, never a traceback. 2,000 inputs; 100,000 with --long."""

from __future__ import annotations

from random import Random

from simnet.errors import ManifestError
from simnet.scenario import Scenario

SEED_STORY = """\
# A story

```yaml scenario
simnet: 1
seed: 7
cluster: {nodes: 2}
```

## Set up

```yaml apply
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {run: web}, ports: [{port: 80}]}
```

```console
$ kubectl run web --image=nginx:1.29
pod/web created
$ echo 10.0.0.1 | cat
{ip}
```

## Then {live}

```do
fail readiness pod/web
@ +3s
heal readiness pod/web
```

```expect
at +1s GET http://web/ at 10.0.0.1 header "Host: a" from pod/web may be 200 | refused
never GET http://web/ from laptop every 1s is refused
endpoints web are exactly 10.244.0.3:80
resolve web type A from pod/web is {ip} after 2 queries
spread tcp web:80 from pod/web x5 over pod/web each >= 1
path GET http://web/ from pod/web via dns > service/web > pod/web
diagnose cluster says SEL-NOMATCH, SVC-PORT
count pods run=web in default >= 1
```

## Mend {what-if}

```yaml broken
kind: Service
```

```task
Mend it
hint: no
```

```check
tcp web:80 from laptop is open
```
"""
WORDS = [*SEED_STORY.split(), "```", "~~~", "```do", "```expect", "```yaml apply", "{x}", "{*}", "{", "}", '"', "\\", "|", "$ ", "\x00",
                              "\t", "é", "\ud800", "[exit 3]", "...", "@", "+", "-1s", "9" * 30, "1e999", "&a", "*a", "!!x", "#", "<<EOF"]


def slipped(rng: Random) -> str:
    """The story with a few slips: words and lines lost, doubled, swapped, put elsewhere, letters changed."""
    lines = SEED_STORY.split("\n")
    for _ in range(rng.randint(1, 4)):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        words = lines[at].split(" ")
        word = rng.randrange(len(words))
        match rng.randrange(8):
            case 0:
                del lines[at]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                words[word] = rng.choice(WORDS)
            case 4:
                del words[word]
            case 5:
                words.insert(word, rng.choice(WORDS))
            case 6:
                text = words[word]
                place = rng.randint(0, len(text))
                words[word] = text[:place] + rng.choice("abz019 :/.,|{}[]\"'$#@-+\\`") + text[place + rng.randint(0, 1):]
            case _:
                lines = lines[:at] + lines[at:][:rng.randint(1, 40)]
        if at < len(lines) and len(words) and lines[at:at + 1] != [" ".join(words)]:
            lines[at] = " ".join(words)
        lines = lines or [""]
    return "\n".join(lines)


def test_a_slip_gives_a_clear_error_or_a_result(scale: int) -> None:
    rng = Random(f"slips/{scale}")
    refused = ran = 0
    for number in range(2_000 * scale):
        text = slipped(rng)
        try:
            scenario = Scenario.parse(text)
        except ManifestError as problem:
            refused += 1
            assert str(problem).startswith("story.md:"), (text, str(problem))
            continue
        if number % 10 == 0:  # a tenth of those that can be read is run too: most of the time goes there
            try:
                report = scenario.run()
            except ManifestError as problem:
                assert str(problem).startswith("story.md:"), (text, str(problem))
            else:
                ran += 1
                assert report.checks and all(failure.lines() for failure in report.failures)
    assert refused > 500 * scale and ran > 10 * scale
