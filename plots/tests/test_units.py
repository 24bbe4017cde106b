"""Numbers as text."""

import unittest

import units


class UnitsTest(unittest.TestCase):
    def test_durations_have_three_digits_and_a_unit_that_fits(self):
        texts = {52: "52 ns", 0.371: "0.371 ns", 999.4: "999 ns", 999.9: "1.00 µs",
                 1523: "1.52 µs", 15230: "15.2 µs", 4.1e6: "4.10 ms", 2.5e9: "2.50 s"}
        for value, text in texts.items():
            self.assertEqual(units.duration_text(value), text)

    def test_rates_have_si_prefixes(self):
        for value, text in {0: "0", 950: "950", 61e6: "61.0 M", 1.2e9: "1.20 G"}.items():
            self.assertEqual(units.rate_text(value), text)

    def test_ticks_have_no_needless_zeros(self):
        self.assertEqual(units.duration_tick(1000), "1 µs")
        self.assertEqual(units.rate_tick(2.5e6), "2.5 M")

    def test_sizes_are_exact(self):
        texts = {64: "64 B", 1472: "1472 B", 4096: "4 KiB", 12000000: "12,000,000 B"}
        for value, text in texts.items():
            self.assertEqual(units.bytes_text(value), text)

    def test_a_metric_has_the_unit_of_its_name(self):
        texts = {"rtt_ns_p50": "1.52 µs", "messages_per_s": "1.52 k/s", "late_fraction": "1.52e+03"}
        for metric, text in texts.items():
            self.assertEqual(units.metric_text(metric, 1523), text)

    def test_a_multiple_has_a_digit_behind_the_point_while_that_matters(self):
        texts = {0.29: "0.3", 2.54: "2.5", 99.94: "99.9", 123.4: "123", 614400: "614 k"}
        for times, text in texts.items():
            self.assertEqual(units.multiple_text(times), text)

    def test_counts_have_no_point(self):
        self.assertEqual(units.count_text(10000.0), "10,000")
        self.assertEqual(units.count_text(2**53 + 1), "9,007,199,254,740,993")

    def test_an_axis_is_named_as_a_reader_names_it(self):
        texts = {("element_size_bytes", 64): "64 B", ("capacity", 144): "capacity 144",
                 ("placement", "same_l3"): "same_l3", ("rate_per_s", 10000.0): "10 k messages/s",
                 ("rate_per_s", None): "rate_per_s none"}
        for (axis, value), text in texts.items():
            self.assertEqual(units.axis_text(axis, value), text)

    def test_a_difference_has_a_sign_unless_it_rounds_to_nothing(self):
        texts = {1447.4: "+1447 %", 99.96: "+100 %", 7.26: "+7.3 %", -7.26: "-7.3 %",
                 -0.04: "0.0 %", 0: "0.0 %"}
        for number, text in texts.items():
            self.assertEqual(units.signed_text(number), text)

    def test_a_probability_is_never_nothing(self):
        texts = {0.25: "0.25", 0.02: "0.02", 0.00042: "4·10⁻⁴", 3e-8: "3·10⁻⁸", 0: "< 10⁻⁹"}
        for p, text in texts.items():
            self.assertEqual(units.probability_text(p), text)

    def test_a_range_names_its_unit_twice_only_where_it_differs(self):
        self.assertEqual(units.range_text("119 ns", "124 ns"), "119–124 ns")
        self.assertEqual(units.range_text("991 ns", "1.10 µs"), "991 ns–1.10 µs")
        self.assertEqual(units.range_text("0", "950"), "0–950")
