#include "harness/duet/arm.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <stdexcept>

#include "harness/duet/revision_arm.hpp"
#include "harness/duet/tool_call.hpp"
#include "harness/fnv1a.hpp"
#include "harness/plugin/plugin_file.hpp"
#include "harness/plugin/plugin_stamp.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

/// Of what two programs of a gate say to each other: `gate-arm` and its options.
constexpr int kProtocol = 3;
constexpr const char* kProgramName = "ringside";
constexpr std::chrono::seconds kTimeToShowStamp{10};

std::string contentOf(const fs::path& file) {
  std::optional<std::string> content = results::readFile(file);
  if (!content) throw std::runtime_error(file.string() + " cannot be read");
  return std::move(*content);
}

fs::path thisProgram() {
  fs::path program = fs::read_symlink("/proc/self/exe");
  if (fs::exists(program)) return program;
  throw std::runtime_error(
      "this program's file has been replaced since it was started; start it again");
}

/// The segments of an ELF file of this machine's kind; empty for anything else.
std::vector<::Elf64_Phdr> segmentsOf(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  ::Elf64_Ehdr header = {};
  stream.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!stream || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {};
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return {};
  std::vector<::Elf64_Phdr> segments(header.e_phnum);
  stream.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (::Elf64_Phdr& segment : segments) {
    stream.read(reinterpret_cast<char*>(&segment), sizeof segment);
  }
  return stream ? segments : std::vector<::Elf64_Phdr>{};
}

/// Programs name the loader that is to start them, what they load does not.
bool isSharedObject(const fs::path& file) {
  const auto segments = segmentsOf(file);
  for (const ::Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_INTERP) return false;
  }
  return !segments.empty();
}

bool isExecutable(const fs::path& file) { return ::access(file.c_str(), X_OK) == 0; }

// --- the kinds ----------------------------------------------------------------------------------

Arm programArm(const std::string& named, const std::string& label, const fs::path& program) {
  Arm arm;
  arm.named = named;
  arm.label = label;
  arm.program = program;
  arm.identity = fnv1a(contentOf(program));
  return arm;
}

/// Throws UsageError when its harness is not this one.
void refuseOtherHarness(const std::string& asked, const fs::path& program) {
  const ToolEnd end =
      runTool({.command = {program.string(), "gate-arm", "--stamp"}, .patience = kTimeToShowStamp});
  const std::string stamp = end.output.substr(0, end.output.find('\n'));
  if (end.isFine() && stamp == armStamp()) return;
  const std::string shown =
      end.isFine() ? fmt::format("it shows '{}'", stamp) : std::string("it knows nothing of gates");
  throw UsageError(fmt::format(
      "{}: the harness of that build is another one than this program's ({}, and this is '{}'), so "
      "its loops would be, too; name the git revision that it was built from instead, whose core "
      "is then built for this harness",
      asked, shown, armStamp()));
}

Arm buildArm(const std::string& asked, const std::string& named, const fs::path& program) {
  const fs::path absolute = fs::canonical(program);
  refuseOtherHarness(asked, absolute);
  return programArm(named, named, absolute);
}

Arm pluginArm(const std::string& asked, const std::string& named) {
  const PluginFile file(named, asked);
  file.rehearseLoading();
  Arm arm;
  arm.kind = Arm::Kind::Plugin;
  arm.named = named;
  arm.label = fs::path(named).filename().string();
  arm.program = thisProgram();
  arm.plugins = {file.path()};
  arm.identity = file.fnv1aOfContent();
  arm.facts["version"] = file.version();
  arm.facts["compiler"] = file.compiler();
  return arm;
}

const char* nameOf(Arm::Kind kind) {
  switch (kind) {
    case Arm::Kind::Program:
      return "program";
    case Arm::Kind::Plugin:
      return "plugin";
    case Arm::Kind::Revision:
      return "revision";
  }
  return "";
}

nlohmann::ordered_json describeFile(const fs::path& file) {
  const std::string content = contentOf(file);
  return {{"file", file.string()}, {"bytes", content.size()}, {"fnv1a", fnv1a(content)}};
}

}  // namespace

nlohmann::ordered_json Arm::describe() const {
  nlohmann::ordered_json described = {
      {"kind", nameOf(kind)}, {"named", named}, {"label", label}, {"identity", identity}};
  described["program"] = describeFile(program);
  described["plugins"] = nlohmann::ordered_json::array();
  for (const fs::path& plugin : plugins) described["plugins"].push_back(describeFile(plugin));
  described.update(facts);
  return described;
}

std::string armStamp() {
  return fmt::format("ringside gate-arm {} {} {}", kProtocol, kPluginHeaders, pluginStamp().layout);
}

Arm resolveArm(const std::string& option, const std::string& named, const ArmTerms& terms) {
  const std::string asked = option + " " + named;
  if (named.empty()) throw UsageError(option + ": it names nothing");
  if (terms.links < 1 || terms.links > kMaxLinks) {
    throw UsageError(
        fmt::format("{}: {} links; 1 to {} can be had", asked, terms.links, kMaxLinks));
  }
  if (named == kThisProgram) return programArm(named, named, thisProgram());
  if (named == kWorkTree) return workTreeArm(asked, terms, thisProgram());
  std::error_code failure;
  if (fs::is_directory(named, failure)) {
    const fs::path program = fs::path(named) / kProgramName;
    if (isExecutable(program)) return buildArm(asked, named, program);
  } else if (fs::exists(named, failure)) {
    const bool is_called_so = fs::path(named).filename().string().starts_with(kProgramName);
    const bool is_program = is_called_so && isExecutable(named) && !isSharedObject(named);
    return is_program ? buildArm(asked, named, named) : pluginArm(asked, named);
  }
  return revisionArm(asked, named, terms, thisProgram());
}

}  // namespace ringside::harness
