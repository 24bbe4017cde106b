// Queues in place, channels and snapshots that do one thing wrong, entered by the names below.
#pragma once

namespace ringside::harness {

constexpr const char* kTearingInPlace = "faulty_in_place_tearing";  ///< spoils a line of an element
constexpr const char* kMisplacing = "faulty_in_place_misplacing";   ///< hands out a shifted place
constexpr const char* kLosingInPlace = "faulty_in_place_losing";    ///< steps over an element
constexpr const char* kRepeating = "faulty_in_place_repeating";     ///< hands one out twice
constexpr const char* kSoundInPlace = "faulty_in_place_not";        ///< the same without a fault
constexpr const char* kEchoing = "faulty_channel_echoing";  ///< gives back what one has sent
constexpr const char* kTearingSnapshot = "faulty_snapshot_tearing";  ///< a word of another write
constexpr const char* kOldSnapshot = "faulty_snapshot_old";          ///< an old value now and then
constexpr const char* kDeafSnapshot = "faulty_snapshot_deaf";        ///< forgets the last writes
constexpr const char* kSoundSnapshot = "faulty_snapshot_not";        ///< the same without a fault

}  // namespace ringside::harness
