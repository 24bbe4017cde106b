// Queues that do one thing wrong, entered by the names below: the harness must notice each.
#pragma once

namespace ringside::harness {

constexpr const char* kLosing = "faulty_losing";            ///< drops an element now and then
constexpr const char* kDuplicating = "faulty_duplicating";  ///< delivers one twice
constexpr const char* kReordering = "faulty_reordering";    ///< swaps two of one producer
constexpr const char* kTearing = "faulty_tearing";          ///< mixes two elements
constexpr const char* kInventing = "faulty_inventing";      ///< delivers what was never sent
constexpr const char* kScrambling = "faulty_scrambling";    ///< spoils bytes between the stamps
constexpr const char* kBlank = "faulty_blank";              ///< delivers memory nobody wrote
constexpr const char* kStuckMaker = "faulty_stuck_maker";   ///< never ends being made
constexpr const char* kQuitting = "faulty_quitting";  ///< ends its process as if all were well
constexpr const char* kCrashing = "faulty_crashing";  ///< SIGABRT in the middle
constexpr const char* kHanging = "faulty_hanging";    ///< never returns from a pop
constexpr const char* kThrowing = "faulty_throwing";  ///< cannot be opened
constexpr const char* kUnobtainable = "faulty_unobtainable";  ///< wants what is not to be had
constexpr const char* kDeaf = "faulty_deaf";                  ///< takes nothing
constexpr const char* kSound = "faulty_not";                  ///< the same code without a fault

}  // namespace ringside::harness
