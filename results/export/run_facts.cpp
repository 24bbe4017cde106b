#include "results/export/run_facts.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <sstream>

#include "results/json_object.hpp"
#include "results/record.hpp"
#include "results/whole_file.hpp"

namespace ringside::results {
namespace {

constexpr const char* kFile = "environment.json";

/// A text in a section; empty where it is not, or is no text.
std::string textOf(const Json& environment, const char* section, const char* key) {
  const auto found = environment.find(section);
  if (found == environment.end() || !found->is_object()) return "";
  const auto value = found->find(key);
  return value != found->end() && value->is_string() ? value->get<std::string>() : "";
}

std::vector<std::string> splitAt(char separator, const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// nullopt for what is not a whole number.
std::optional<std::uint32_t> wholeNumber(std::string_view text) {
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

/// How many CPUs "0-3,8" are; 0 for what is no such list.
std::uint32_t countCpus(const std::string& list) {
  std::uint32_t cpus = 0;
  for (const std::string& part : splitAt(',', list)) {
    const std::size_t dash = part.find('-');
    const auto first = wholeNumber(part.substr(0, dash));
    const auto last = dash == std::string::npos ? first : wholeNumber(part.substr(dash + 1));
    if (!first || !last || *last < *first) return 0;
    cpus += *last - *first + 1;
  }
  return cpus;
}

/// The first three numbers of /proc/loadavg.
std::vector<double> loadOf(const std::string& text) {
  std::istringstream stream(text);
  std::vector<double> load;
  for (double value = 0; load.size() < 3 && stream >> value;) load.push_back(value);
  return load;
}

double numberOf(const std::string& text) {
  std::istringstream stream(text);
  double value = 0;
  stream >> value;
  return std::isfinite(value) ? value : 0;
}

std::optional<std::chrono::system_clock::time_point> timeOf(const std::string& text) {
  std::istringstream stream(text);
  std::tm parts{};
  stream >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%SZ");
  if (stream.fail()) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

Json parsed(const std::filesystem::path& file) {
  const std::optional<std::string> text = readFile(file);
  if (!text) {
    throw RecordError(
        fmt::format("{}: cannot be read; an export says of which machine and time its figures are: "
                    "name a whole bundle",
                    file.string()));
  }
  Json environment = Json::parse(*text, nullptr, false);
  if (!environment.is_object()) {
    throw RecordError(
        fmt::format("{}: damaged, it is no JSON object; put back the one that `ringside run` wrote",
                    file.string()));
  }
  return environment;
}

}  // namespace

RunFacts readRunFacts(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kFile;
  const Json environment = parsed(file);
  const auto text = [&](const char* section, const char* key) {
    return textOf(environment, section, key);
  };
  const std::string time = text("machine", "time_utc");
  const auto began = timeOf(time);
  if (!began) {
    throw RecordError(
        fmt::format("{}: machine.time_utc is '{}'; it must be a time such as 2026-11-22T08:12:00Z",
                    file.string(), time));
  }
  const std::filesystem::path whole = std::filesystem::absolute(folder / ".").lexically_normal();
  return {.bundle = whole.parent_path().filename().string(),
          .began = *began,
          .host = text("machine", "host"),
          .cpu = text("cpu", "model"),
          .kernel = text("kernel", "release"),
          .governor = text("cpu", "governor"),
          .machine = text("fingerprint", "machine"),
          .version = text("build", "version"),
          .build = text("build", "flags"),
          .revision = text("working_tree", "revision"),
          .cpus = countCpus(text("cpu", "online")),
          .mhz = numberOf(text("cpu", "mhz_now")),
          .load = loadOf(text("machine", "load"))};
}

std::string isoTime(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace ringside::results
