// What several sides have of each cell, gathered record by record: the numbers that are compared,
// so that nobody needs to keep records and histograms.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "results/metrics.hpp"
#include "results/record.hpp"
#include "results/summary.hpp"

namespace ringside::results {

/// What a workload is compared by when nobody says otherwise.
std::span<const std::string_view> comparedMetricsOf(std::string_view workload) noexcept;

/// Where distributions are compared, in percent.
inline constexpr std::array kShiftPercentiles = {10.0, 20.0, 30.0, 40.0, 50.0, 60.0,
                                                 70.0, 80.0, 90.0, 99.0, 99.9};

/// Whether percentiles of whole distributions are gathered too.
enum class Shifts : std::uint8_t { Gather, LeaveOut };

struct GatherTerms {
  std::vector<std::string> metrics = {};  ///< empty: those of comparedMetricsOf(workload)
  Shifts shifts = Shifts::Gather;
};

/// Names of all metrics that may be gathered, and of those that say whether they mean something.
std::vector<std::string> gatheredMetrics(const GatherTerms& terms);

/// Whether the same is gathered of this record as if it had its histograms: all metrics are stored,
/// and there are far more messages than percentiles need.
bool isEnoughWithoutHistograms(const Record& record, const GatherTerms& terms);

/// What one side has of a cell.
struct SideOfCell {
  StatusCounts status_counts;
  std::optional<std::string> reason = {};  ///< of the first that failed, was invalid, was skipped
  std::vector<std::string> notes = {};     ///< each once
  std::string placement = {};
  /// Of a cache line between its CPUs, in the repetitions that are ok: the median of the canaries.
  std::optional<double> handoff_ns = {};

  bool isMissing() const noexcept {
    return status_counts.ok + status_counts.failed + status_counts.invalid == 0;
  }
};

/// Of one metric in one repetition that is ok.
struct GatheredValue {
  double value = 0;
  double over_floor = kNoFloor;  ///< a multiple of what the hardware allows
  std::uint32_t block = 0;       ///< the run it comes from, a place in Gathering::blocks()

  static constexpr double kNoFloor = -1;
};

struct GatheredRow {
  std::string name;
  Unit unit = Unit::Ns;
  Better better = Better::Lower;
  std::vector<std::vector<GatheredValue>> sides = {};  ///< by side; those at the end may lack

  std::span<const GatheredValue> of(std::size_t side) const {
    return side < sides.size() ? std::span(sides[side]) : std::span<const GatheredValue>();
  }
};

struct GatheredSide {
  SideOfCell seen;
  std::vector<double> handoffs = {};  ///< readings of canaries
  std::vector<double> floors = {};    ///< `floor_ns` of the repetitions that are ok
};

struct GatheredCell {
  std::string name;
  Axes axes;  ///< of the first record
  std::vector<std::optional<GatheredSide>> sides = {};
  std::vector<GatheredRow> metrics = {};
  std::map<std::string, std::vector<GatheredRow>> distributions = {};  ///< by histogram

  const GatheredSide* of(std::size_t side) const {
    return side < sides.size() && sides[side] ? &*sides[side] : nullptr;
  }
};

class Gathering {
 public:
  explicit Gathering(GatherTerms terms) : terms_(std::move(terms)) {}

  /// `side`: whose record it is; `cell`: the name under which it meets those of the others;
  /// `block`: the run that it comes from. Records that were skipped count nothing but that they
  /// were.
  void add(const std::string& side, const std::string& cell, const Record& record,
           const std::string& block = {});

  /// Afterwards it is as if everything that was added to `other` had been added here, behind what
  /// is here. Both have the same terms.
  void absorb(Gathering&& other);

  /// What a side has gathered under one cell's name counts under another one's, as of a placement
  /// that came to something else there. Nothing happens where the side has something under both, or
  /// where the cells are of two workloads.
  void move(const std::string& side, const std::string& from, const std::string& to);

  /// In the order in which they first appeared; some may have no side any more.
  const std::vector<GatheredCell>& cells() const noexcept { return cells_; }
  const std::vector<std::string>& blocks() const noexcept { return blocks_.names; }
  /// The place of a side; one that nothing has where nothing was added to it.
  std::size_t placeOf(const std::string& side) const;

 private:
  /// Names, each with its place.
  struct Names {
    std::vector<std::string> names;
    std::unordered_map<std::string, std::size_t> places;

    std::size_t placeOf(const std::string& name);
  };

  GatheredCell& cellOf(const std::string& name, const Axes& axes);
  static void addShifts(GatheredCell& cell, std::size_t side, std::uint32_t block,
                        const Record& record);

  GatherTerms terms_;
  Names sides_;
  Names blocks_;
  Names names_;  ///< of cells_
  std::vector<GatheredCell> cells_;
};

}  // namespace ringside::results
