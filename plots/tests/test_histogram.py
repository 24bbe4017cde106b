"""HdrHistogram payloads: what is read from them, and what is refused."""

import base64
import struct
import unittest
import zlib

import histogram
from tests import synthetic_bundle

GOLDEN = "HISTFAAAADJ42pNpmSzMwMAgxAABzFCaEch0M9ixgMH+A1SA6TAjSysf02oBJqaDwky/q5gAw28IyQ=="
GOLDEN_HEX = ("1c84931300000012000000000000000300000000000000010000034630b8a0003ff0000000000000"
              "0102c30104850e02ab100202c11302fb7a02")
GOLDEN_VALUES = (1, 100, 100, 1000, 2047, 2048, 5000, 1000000)


class HistogramTest(unittest.TestCase):
    def test_decodes_the_golden_vector(self):
        decoded = histogram.decode(GOLDEN)
        self.assertEqual(decoded.samples, 8)
        self.assertEqual(decoded.counts.tolist(), [1, 2, 1, 1, 1, 1, 1])
        self.assertEqual(decoded.highest_values.tolist(),
                         [1, 100, 1000, 2047, 2049, 5003, 1000447])

    def test_gives_the_percentiles_of_the_golden_vector(self):
        decoded = histogram.decode(GOLDEN)
        values = decoded.value_at([0, 0.5, 0.55, 0.65, 0.775, 0.8875, 1])
        self.assertEqual(values.tolist(), [1, 1000, 2047, 2049, 5003, 1000447, 1000447])

    def test_encoder_of_the_tests_writes_the_golden_bytes(self):
        packed = base64.b64decode(synthetic_bundle.encode(GOLDEN_VALUES))
        self.assertEqual(zlib.decompress(packed[8:]).hex(), GOLDEN_HEX)

    def test_decodes_words_of_nine_bytes(self):
        words = b"".join(map(synthetic_bundle.zigzag_leb128, (2**62, -3, 1, -(2**62))))
        self.assertEqual(list(histogram._words(words)), [2**62, -3, 1, -(2**62)])

    def test_knows_an_empty_histogram(self):
        decoded = histogram.decode(synthetic_bundle.encode([]))
        self.assertEqual(decoded.samples, 0)
        with self.assertRaisesRegex(ValueError, "empty"):
            decoded.value_at([0.5])

    def test_refuses_what_is_not_a_payload(self):
        whole = base64.b64decode(GOLDEN)
        damaged = {
            "not base64": "HIST!",
            "too short": base64.b64encode(b"abc").decode(),
            "cookie": base64.b64encode(b"\0" * 20).decode(),
            "length says": base64.b64encode(whole[:-4]).decode(),
            "zlib": base64.b64encode(whole[:8] + b"\xff" * (len(whole) - 8)).decode(),
        }
        for reason, text in damaged.items():
            with self.subTest(reason), self.assertRaisesRegex(ValueError, reason):
                histogram.decode(text)

    def test_refuses_a_skip_past_every_bucket(self):
        with self.assertRaisesRegex(ValueError, "buckets"):
            histogram.decode(payload(synthetic_bundle.zigzag_leb128(-(2**60))))

    def test_refuses_a_word_that_is_cut_off(self):
        with self.assertRaisesRegex(ValueError, "cut off"):
            histogram.decode(payload(b"\x80"))


def payload(words):
    """A payload with these bytes as its counts."""
    header = struct.pack(">iiiiqqd", 0x1C849313, len(words), 0, 3, 1, 3_600_000_000_000, 1.0)
    packed = zlib.compress(header + words)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()
