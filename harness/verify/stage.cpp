#include "harness/verify/stage.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <stdexcept>

#include "harness/plugin/rehearsal.hpp"
#include "harness/verify/child.hpp"
#include "ringside/truncation_guard.hpp"

namespace ringside::harness {
namespace {

constexpr std::size_t kWordsBytes = 4096;
static_assert(sizeof(StageWords) <= kWordsBytes, "the words would run into the first log");

}  // namespace

Stage::Stage(const QueueEntry& queue, const QueueShape& shape, Session& session)
    : queue_(queue),
      shape_(shape),
      session_(session),
      name_(session.freshName()),
      pages_(kWordsBytes + kMaxActors * sizeof(LogPages)),
      words_(new (pages_.data()) StageWords{}),
      logs_(reinterpret_cast<LogPages*>(pages_.data() + kWordsBytes)) {}

Stage::~Stage() { removeNames(); }

void Stage::removeNames() const { removeSegments(name_); }

void Stage::reset() {
  held_ = {};
  removeNames();
  name_ = session_.freshName();
  if (queue_.limits.inherited_only) held_ = holdBy(queue_, placeNow(), shape_);
  words_ = new (pages_.data()) StageWords{};
  for (std::uint32_t actor = 0; actor < next_actor_; ++actor) {
    logs_[actor].count.store(0, std::memory_order_relaxed);  // before anybody is forked
    logs_[actor].calls.store(0, std::memory_order_relaxed);
  }
  next_actor_ = 0;
}

std::uint32_t Stage::castActor() {
  if (!hasRoomForActors(1)) throw std::logic_error("a trial has too many actors");
  return next_actor_++;
}

LogPages& Stage::log(std::uint32_t actor) const { return logs_[actor]; }

std::uint64_t Stage::calls() const {
  std::uint64_t sum = 0;
  for (std::uint32_t actor = 0; actor < next_actor_; ++actor) {
    sum += logs_[actor].calls.load(std::memory_order_relaxed);  // a sign of life, no more
  }
  return sum;
}

int Stage::enact(std::uint32_t actor, const Part& part) noexcept {
  try {
    return part(contextOf(actor));
  } catch (const std::exception& error) {
    if (words_->gave_up.fetch_add(1) == 0) {  // read once this process is dead
      std::strncpy(words_->reason, error.what(), kMaxReasonBytes - 1);
    }
    return kActorThrew;
  }
}

ActorContext Stage::contextOf(std::uint32_t actor) {
  guardAgainstTruncation();  // what our own memory can bear, it is to bear
  Place place = placeNow();
  if (queue_.limits.provision == Provision::Harness) {
    memory_.emplace(queue_.bytesNeeded(shape_), name_, shape_.memory);
    place.memory = {static_cast<std::byte*>(memory_->get()), memory_->size()};
  }
  return {queue_, shape_, actor, place, *words_, log(actor)};
}

Place Stage::placeNow() const {
  const bool has_name = !queue_.limits.inherited_only && !queue_.limits.threads_only;
  return {.name = name_,
          .memory = held_.memory,
          .backing = has_name ? Backing::PosixShm : Backing::Anon,
          .descriptor = held_.descriptor,
          .held = held_.object};
}

std::uint64_t Stage::segmentsLeft() const {
  std::uint64_t left = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
    if (entry.path().filename().string().starts_with(name_)) ++left;
  }
  return left;
}

std::vector<std::string> Stage::segmentFiles() const {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    const bool own = entry.path().filename().string().starts_with(name_);
    if (own && entry.is_regular_file()) files.push_back(entry.path().string());
  }
  return files;
}

History Stage::history() const {
  History history;
  history.queue = std::string(queue_.name);
  history.capacity = queue_.limits.exact_capacity ? shape_.capacity : 0;
  for (std::uint32_t actor = 0; actor < next_actor_; ++actor) {
    const LogPages& pages = logs_[actor];
    const std::uint32_t count = pages.count.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < std::min(count, kMaxLogged); ++i) {
      const LoggedOperation& logged = pages.operations[i];
      Operation& operation = history.operations.emplace_back();
      operation.process = actor;
      operation.action = logged.action;
      operation.claimed = logged.claimed;
      operation.began_ns = logged.began_ns;
      operation.ended_ns = logged.ended_ns;
      // Of a pop whose process died while it wrote down what that brought, nothing is known.
      if (logged.action == Action::Pop && !operation.returned()) continue;
      operation.redelivered = logged.redelivered;
      operation.torn = logged.torn;
      operation.value = logged.value;
    }
  }
  return history;
}

}  // namespace ringside::harness
