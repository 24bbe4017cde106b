// The files of an arm, read once, and fresh copies of them for each block: so that where the pages
// of one copy happen to lie does not stay with an arm for the whole gate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/duet/arm.hpp"
#include "results/descriptor.hpp"

namespace ringside::harness {

/// An anonymous file in memory that holds `content`. Closed when a program is started, but where it
/// is handed over. Throws std::system_error.
results::Descriptor memoryFile(std::string_view name, std::string_view content);
/// All of it, from its beginning.
std::string contentOf(const results::Descriptor& file);

class ArmFiles {
 public:
  /// Throws std::runtime_error when one of them cannot be read.
  explicit ArmFiles(const Arm& arm);

  results::Descriptor freshProgram() const { return memoryFile("ringside", program_); }
  /// The link of this number, modulo how many there are; nothing where the arm has no plug-in.
  results::Descriptor freshPlugin(std::uint32_t link) const;
  bool hasPlugin() const noexcept { return !plugins_.empty(); }
  std::size_t links() const noexcept { return plugins_.size(); }

 private:
  std::string program_;
  std::vector<std::string> plugins_;
};

}  // namespace ringside::harness
