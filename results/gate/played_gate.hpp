// A gate without a machine: whoever plays it makes the effects up, or takes them from blocks of
// before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "results/gate/gate_course.hpp"

namespace ringside::results {

/// Adds what is wanted until nothing is. `effect_of` is asked once a block and metric, in the order
/// of blocks, then of metrics.
inline void play(GateCourse& course, const std::function<double(std::size_t metric)>& effect_of) {
  while (!course.isOver()) {
    for (const BlocksWanted& wanted : course.wanted()) {
      for (std::uint32_t block = 0; block < wanted.blocks; ++block) {
        for (std::size_t metric = 0; metric < course.metrics().size(); ++metric) {
          if (course.cellOf(metric) == wanted.cell) course.add(metric, effect_of(metric));
        }
      }
    }
    course.advance();
  }
}

}  // namespace ringside::results
