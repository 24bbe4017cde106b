"""A made-up gate.json."""

import json


def verdict(metric="rtt_ns_p50_clean", name="pass", worse=0.5, lower=-0.5, upper=1.5, **changes):
    value = {"cell": "gate/round-trip/spsc/el=8", "metric": metric, "verdict": name,
             "reason": f"because it is {name}", "gates": True, "baseline": 170.0,
             "candidate": 180.0, "worse_by_percent": worse, "lower_percent": lower,
             "upper_percent": upper, "margin_percent": 1.0, "pass_percent": 5.0,
             "mde_percent": 3.0, "first_effects": [0.1] * 12, "second_effects": []}
    return {**value, **changes}


def gate_json(verdicts, **changes):
    value = {"schema": 1, "suite": "gate", "date": "2026-11-22T14:37:52Z", "exit_code": 1,
             "baseline": {"label": "main (aaa)"}, "candidate": {"label": "worktree"},
             "outcome": "red: 1 of 3 metrics regressed", "blocks": 264, "verdicts": verdicts,
             "not_gated": [{"cell": "gate/x", "reason": "only one arm has it"}],
             "warnings": ["linked once"]}
    return json.dumps({**value, **changes})


VERDICTS = [
    verdict(),
    verdict("messages_per_s_robust", "regressed", 52.9, 46.9, 57.8,
            cell="gate/throughput/spsc/el=64", second_effects=[0.4] * 36),
    verdict("rtt_ns_p99_clean", "inconclusive", 9.0, -20.0, None),
    verdict("rtt_ns_p99", worse=4.0, lower=3.0, upper=5.0, gates=False),
]
