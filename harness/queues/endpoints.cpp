// The core's duplex channels, through the calls that a user makes: unlike core_rings.cpp with their
// checks and with lastError.
#include <system_error>

#include "harness/duplex_channel.hpp"
#include "harness/queues/core_tuning.hpp"
#include "ringside/error.hpp"
#include "ringside/shared.hpp"

namespace ringside::harness {
namespace {

template <class Policy>
struct CoreEndpoint {
  static QueueLimits limits() {
    return {.max_element_size_bytes = kMaxElementSizeBytes,
            .max_capacity = kMaxCapacity,
            .provision = Provision::Queue,
            .takes_memory_options = true,
            .takes_tuning = Policy::kKind == PolicyKind::Spsc};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    const Geometry geometry = makeGeometry(Policy::kKind, shape.element_size_bytes, shape.capacity,
                                           Delivery::AtMostOnce, coreTuning<Tuning>(shape.tuning));
    return 2 * geometry.total_bytes;
  }
  /// Both rings stay when this side is closed again.
  static void create(const Place& place, const QueueShape& shape) {
    End(ChannelSide::A, place, shape);
  }

  class End {
   public:
    End(ChannelSide side, const Place& place, const QueueShape& shape)
        : endpoint_(side == ChannelSide::A ? Endpoint::Side::A : Endpoint::Side::B, place.name,
                    shape.element_size_bytes, shape.capacity,
                    {.memory = shape.memory, .tuning = coreTuning<Tuning>(shape.tuning)}) {
      if (endpoint_.open() == 0) return;
      throw std::system_error(lastError, "cannot open the channel " + place.name);
    }
    bool tryPush(const void* element) noexcept { return endpoint_.trySend(element) == 0; }
    bool tryPop(void* element) noexcept { return endpoint_.tryReceive(element) == 0; }

   private:
    using Endpoint = typename Policy::Endpoint;
    Endpoint endpoint_;
  };
};

RINGSIDE_DUPLEX(spsc_endpoint, CoreEndpoint<Spsc>, "Ringside's duplex channel over two spsc rings");
RINGSIDE_DUPLEX(mpsc_endpoint, CoreEndpoint<Mpsc>, "Ringside's duplex channel over two mpsc rings");
RINGSIDE_DUPLEX(mpmc_endpoint, CoreEndpoint<Mpmc>, "Ringside's duplex channel over two mpmc rings");

}  // namespace
}  // namespace ringside::harness
