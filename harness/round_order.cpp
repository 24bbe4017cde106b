#include "harness/round_order.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "results/contest.hpp"

namespace ringside::harness {
namespace {

/// SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014. The same on every machine, as the distributions of <random> are not.
class Shuffler {
 public:
  explicit Shuffler(std::uint64_t seed) : state_(seed) {}

  void shuffle(std::vector<std::size_t>& places) {
    for (std::size_t left = places.size(); left > 1; --left) {
      std::swap(places[left - 1], places[next() % left]);
    }
  }

 private:
  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }

  std::uint64_t state_;
};

struct Shape {
  results::Axes axes;
  std::vector<std::size_t> places;
};

std::vector<Shape> shapesOf(const Plan& plan) {
  std::vector<Shape> shapes;
  for (std::size_t place = 0; place < plan.cells.size(); ++place) {
    const results::Axes axes = results::contestOf(plan.cells[place].axes);
    auto found = std::find_if(shapes.begin(), shapes.end(),
                              [&](const Shape& shape) { return shape.axes == axes; });
    if (found == shapes.end()) found = shapes.insert(found, {axes, {}});
    found->places.push_back(place);
  }
  return shapes;
}

}  // namespace

std::vector<std::size_t> orderOfRound(const Plan& plan, std::uint32_t round) {
  std::vector<std::size_t> order(plan.cells.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!plan.compares_queues) return order;
  order.clear();
  Shuffler shuffler(round);
  for (Shape& shape : shapesOf(plan)) {
    shuffler.shuffle(shape.places);
    order.insert(order.end(), shape.places.begin(), shape.places.end());
  }
  return order;
}

}  // namespace ringside::harness
