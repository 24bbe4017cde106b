"""Made-up records of a suite that compares queues."""

from tests.synthetic_bundle import record

SUITE = '[suite]\nname = "peers"\nquestion = "Who is fastest?"\nsubjects = ["spsc"]\n'


def peer(queue, number, rate, size=64, canary_ns=(26, 27), **axes):
    """One round of one queue; canary_ns None where there was none."""
    value = record("throughput", queue=queue, size=size, repetition=number,
                   metrics={"messages_per_s": rate})
    value["axes"].update(axes)
    value["cell"] += "".join(f"/{name}={one}" for name, one in axes.items())
    value["obtained"]["canary_ns"] = list(canary_ns) if canary_ns else None
    return value


def round_trip(queue, number, mean_ns, p99_ns):
    value = record("ping_pong", queue=queue, repetition=number,
                   metrics={"rtt_ns_mean99": mean_ns, "rtt_ns_p99": p99_ns})
    value["obtained"]["canary_ns"] = [25, 25]
    return value


def seven_rounds():
    """Ours at half as fast again as the best of two, on a machine that slows down."""
    records = []
    for number in range(7):
        speed = 0.5 ** number
        records += [peer("spsc", number, 150e6 * speed), peer("good", number, 100e6 * speed),
                    peer("poor", number, 1e6 * speed)]
    return records
