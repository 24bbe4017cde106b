// The rings of the core as they are, with their protection against the death of others compiled
// out, and as they are once more: a second copy of the same code at other addresses, which shows
// what the place of the code alone changes.
#pragma once

#include "ringside/ringside.hpp"

namespace ringside::bench {

/// Stands where the intents do, and announces nothing: whoever dies in a claim blocks the ring.
struct Unprotected {
  static constexpr bool kProtected = false;
  explicit Unprotected(const Attachment&) {}
  static constexpr std::uint64_t atMost(std::uint64_t wanted) noexcept { return wanted; }
  void announce(Claiming, std::uint64_t, std::uint64_t) noexcept {}
  void withdraw() noexcept {}
};

/// The same as the intents under another name: what is made of it is compiled a second time.
struct IntentsAgain : Intents {
  using Intents::Intents;
};

/// A side that needs no intents, looking for the dead or not, under another name.
template <class Side, bool kLooks>
struct Renamed : Side {
  using Side::Side;
  static constexpr bool kProtected = kLooks;
};

/// One variant of the rings of one policy.
template <PolicyKind kPolicy, class WriterOf, class ReaderOf>
struct Variant {
  static constexpr PolicyKind kKind = kPolicy;
  using Push = PushSide<WriterOf, FixedSize<kCacheLineBytes>>;
  using Pop = PopSide<ReaderOf, FixedSize<kCacheLineBytes>>;
};

/// All three of one policy.
template <PolicyKind kPolicy>
struct Variants;

template <>
struct Variants<PolicyKind::Spsc> {
  static constexpr PolicyKind kKind = PolicyKind::Spsc;
  using Protected = Variant<kKind, SpscWriter, SpscReader>;
  using CompiledOut = Variant<kKind, Renamed<SpscWriter, false>, Renamed<SpscReader, false>>;
  using ProtectedAgain = Variant<kKind, Renamed<SpscWriter, true>, Renamed<SpscReader, true>>;
};

template <>
struct Variants<PolicyKind::Mpsc> {
  static constexpr PolicyKind kKind = PolicyKind::Mpsc;
  using Protected = Variant<kKind, SequencedWriter, SequencedReader>;
  using CompiledOut =
      Variant<kKind, BasicSequencedWriter<Unprotected>, Renamed<SequencedReader, false>>;
  using ProtectedAgain =
      Variant<kKind, BasicSequencedWriter<IntentsAgain>, Renamed<SequencedReader, true>>;
};

template <>
struct Variants<PolicyKind::Mpmc> {
  static constexpr PolicyKind kKind = PolicyKind::Mpmc;
  using Protected = Variant<kKind, SequencedWriter, SharedSequencedReader>;
  using CompiledOut =
      Variant<kKind, BasicSequencedWriter<Unprotected>, BasicSharedReader<Unprotected>>;
  using ProtectedAgain =
      Variant<kKind, BasicSequencedWriter<IntentsAgain>, BasicSharedReader<IntentsAgain>>;
};

}  // namespace ringside::bench
