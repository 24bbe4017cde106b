// The open loop's plan: when each message is meant to be sent, made before anything is sent, from a
// seed alone. Times are real numbers of nanoseconds, so that they fall on no step of the clock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ringside::harness {

enum class ArrivalKind : std::uint8_t {
  Poisson,   ///< independent of each other, at a constant rate
  Periodic,  ///< at equal distances
  Burst,     ///< several at one time, the bursts at equal distances
  Trace      ///< as they were recorded, over and over
};

struct Arrivals {
  ArrivalKind kind = ArrivalKind::Poisson;
  std::uint64_t burst_messages = 32;
  std::vector<double> trace_ns;      ///< ascending, from 0 on; at least two
  std::filesystem::path trace_file;  ///< where it was found

  /// Messages per second of a trace: their number less one by the time from first to last.
  double traceRate() const;
};

/// Reads "poisson", "periodic", "burst", "burst:N" (N messages, 1 to 1,000,000) or
/// "trace:FILE.csv". The file is looked for from `folder`, then from the current one, then by its
/// mere name in `folder`; where that is a bundle, the copy in it goes before all others. Each of
/// its lines begins with a time; a first line may name the unit of all: time_ns (which is also
/// meant without such a line), time_us, time_ms or time_s. Only differences count. Throws
/// UsageError, which begins with the file and line, or with `where`: an unknown word, a file that
/// is not there, a time that is no number or lies before the one above it, less than two times, all
/// times the same.
Arrivals parseArrivals(const std::string& text, const std::filesystem::path& folder,
                       const std::string& where);

struct SlotShape {
  double rate_per_s = 0;  ///< of all producers together; not looked at for a trace
  double length_ns = 0;
  std::uint32_t producers = 1;
  std::uint64_t seed = 1;
};

/// The times of each producer from 0 to length_ns, ascending. A Poisson process stays one for each
/// producer: chance says who sends a message; else they take turns.
std::vector<std::vector<double>> planSends(const Arrivals& arrivals, const SlotShape& slot);

/// How many that will be, about.
double expectedMessages(const Arrivals& arrivals, const SlotShape& slot);

}  // namespace ringside::harness
