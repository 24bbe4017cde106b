// One side of a gate: what is executed, what that loads, and what it is to be known by later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ringside::harness {

struct Arm {
  enum class Kind : std::uint8_t {
    Program,  ///< the queues of a build of Ringside, this one or another
    Plugin,   ///< a shared object that ringside_add_queue() has made
    Revision  ///< the core of a git revision, or of the tree as it is, under today's harness
  };
  Kind kind = Kind::Program;
  std::string named;  ///< as the user wrote it: "HEAD~1", "./libmine.so", "build/release"
  std::string label;  ///< for tables: "HEAD~1 (f3f19ec)", "libmine.so", "build/release"
  std::filesystem::path program;  ///< what is executed, absolute: this one but for other builds
  /// What it loads, absolute: the same code, one for each link; empty for a Program.
  std::vector<std::filesystem::path> plugins;
  /// A check of the content of what is measured: where it is equal, both arms are the same code.
  std::string identity;
  nlohmann::ordered_json facts =
      nlohmann::ordered_json::object();  ///< what describe() says beyond the above

  /// For the bundle: kind, named, label, identity, hashes of all files, and of a revision the
  /// commit, the compiler and how it was linked.
  nlohmann::ordered_json describe() const;
};

/// One for each block of stage two: what chance makes of a layout differs from block to block then,
/// like all that the test takes for noise.
inline constexpr std::uint32_t kUsualLinks = 36;

struct ArmTerms {
  /// How many links of a Revision; 1..kMaxLinks.
  std::uint32_t links = kUsualLinks;
  /// Where revisions are kept, once built; empty: build/arms of the source tree.
  std::filesystem::path cache = {};
  /// What takes time is told to it, a line without its end; empty: nobody is told.
  std::function<void(const std::string&)> progress = {};
};
inline constexpr std::uint32_t kMaxLinks = 64;

/// This program as an arm, and the core as it stands in the source tree, committed or not.
inline constexpr const char* kThisProgram = "self";
inline constexpr const char* kWorkTree = "worktree";

/// What `named` means, in this order: kThisProgram, kWorkTree, a folder with a `ringside` in it or
/// a program whose name begins so (Program), any other file (Plugin), a git revision. A revision is
/// built, if it is not in the cache. `option` begins every message: "--baseline". Throws
/// UsageError: nothing is called so, it does not fit this program's harness, it does not compile,
/// so many links are not to be had; std::runtime_error, exit code 6: a program is missing, or the
/// cache cannot be written.
Arm resolveArm(const std::string& option, const std::string& named, const ArmTerms& terms);

/// By what another build of Ringside shows that its harness is this one: what
/// `ringside gate-arm --stamp` prints, without the end of the line.
std::string armStamp();

}  // namespace ringside::harness
