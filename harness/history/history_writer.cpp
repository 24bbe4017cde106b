// Writes what history_file.hpp describes.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "harness/history/history_file.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using Json = nlohmann::ordered_json;

std::string headerOf(const History& history) {
  const Json header = {{"ringside_history", kHistoryVersion},
                       {"queue", history.queue},
                       {"capacity", history.capacity},
                       {"delivery", toString(history.delivery)},
                       {"drained", history.drained},
                       {"declared_drops", history.declared_drops},
                       {"operations", history.operations.size()},
                       {"notes", history.notes}};
  return header.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// By hand: nothing in it needs escaping, and there may be millions.
void appendOperation(std::string& text, const Operation& operation) {
  const bool returned_pop = operation.action == Action::Pop && operation.returned();
  const auto out = std::back_inserter(text);
  fmt::format_to(out, R"({{"process":{},"action":"{}")", operation.process,
                 toString(operation.action));
  if (operation.action == Action::Push || returned_pop) {
    fmt::format_to(out, R"(,"value":{})", operation.value);
  }
  if (operation.action == Action::Pop && !operation.returned()) {
    fmt::format_to(out, R"(,"claimed":{})", operation.claimed);
  }
  if (returned_pop && operation.redelivered) text += R"(,"redelivered":true)";
  if (returned_pop && operation.torn) text += R"(,"torn":true)";
  fmt::format_to(out, R"(,"began_ns":{},"ended_ns":)", operation.began_ns);
  text += operation.returned() ? std::to_string(operation.ended_ns) : "null";
  text += "}\n";
}

void writePart(const History& history, const std::string& header, std::ofstream& stream) {
  constexpr std::size_t kAtOnceBytes = 1 << 20;
  std::string text = header + "\n";
  for (const Operation& operation : history.operations) {
    appendOperation(text, operation);
    if (text.size() < kAtOnceBytes) continue;
    stream.write(text.data(), static_cast<std::streamsize>(text.size()));
    text.clear();
  }
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
}

/// 0, or the errno of what failed; a name that is taken is not given away.
int giveName(const std::string& part, const std::string& file) {
  if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;  // else this file system cannot do that
  if (::link(part.c_str(), file.c_str()) != 0) return errno;
  ::unlink(part.c_str());
  return 0;
}

[[noreturn]] void refuseTaken(const std::filesystem::path& file) {
  throw UsageError(fmt::format("{}: exists, and a history is never overwritten; name another file",
                               file.string()));
}

}  // namespace

void writeHistory(const History& history, const std::filesystem::path& file) {
  if (std::filesystem::exists(std::filesystem::symlink_status(file))) refuseTaken(file);
  const std::string header = headerOf(history);
  if (history.operations.size() > kMaxHistoryOperations ||
      header.size() + 1 >= kMaxHistoryLineBytes) {
    throw std::runtime_error(fmt::format(
        "{}: a history of {} operations and a header of {} bytes is not written; at most {} and "
        "{} can be read again",
        file.string(), history.operations.size(), header.size(), kMaxHistoryOperations,
        kMaxHistoryLineBytes - 2));
  }
  const std::string part =
      (file.parent_path() / fmt::format(".{}.{}.part", file.filename().string(), ::getpid()))
          .string();
  errno = 0;
  std::ofstream stream(part, std::ios::binary | std::ios::trunc);
  writePart(history, header, stream);
  stream.close();
  const int error = stream ? giveName(part, file.string()) : (errno == 0 ? EIO : errno);
  if (error == 0) return;
  ::unlink(part.c_str());
  if (error == EEXIST) refuseTaken(file);
  throw std::runtime_error(
      fmt::format("{}: cannot be written ({}); free space, or name a file in another folder",
                  file.string(), std::generic_category().message(error)));
}

}  // namespace ringside::harness
