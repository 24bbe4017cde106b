// The core's values that are replaced as a whole, for `ringside verify`.
#include "harness/verify/snapshot.hpp"
#include "ringside/double_buffer.hpp"
#include "ringside/shared_config.hpp"
#include "ringside/shared_object.hpp"

namespace ringside::harness {
namespace {

class DoubleBufferSnapshot final : public AnySnapshot {
 public:
  explicit DoubleBufferSnapshot(const std::string& name) : object_(name) {}
  bool write(const SnapshotValue& value) override { return object_->write(value) == 0; }
  bool read(SnapshotValue& value, std::uint64_t& version) override {
    Versioned<SnapshotValue> both;
    if (object_->read(both) != 0) return false;
    value = both.value;
    version = both.version;
    return true;
  }

 private:
  SharedObject<DoubleBuffer<SnapshotValue>> object_;
};

class SharedConfigSnapshot final : public AnySnapshot {
 public:
  explicit SharedConfigSnapshot(const std::string& name) : object_(name) {}
  bool write(const SnapshotValue& value) override {
    return object_->update([&](SnapshotValue& now) { now = value; }) == 0;
  }
  bool read(SnapshotValue& value, std::uint64_t& version) override {
    Versioned<SnapshotValue> both;
    if (object_->read(both) != 0) return false;
    value = both.value;
    version = both.version;
    return true;
  }

 private:
  SharedObject<SharedConfig<SnapshotValue>> object_;
};

RINGSIDE_SNAPSHOT(double_buffer, DoubleBufferSnapshot, "Ringside's value that is read whole");
RINGSIDE_SNAPSHOT(shared_config, SharedConfigSnapshot, "the same, changed in place");

}  // namespace
}  // namespace ringside::harness
