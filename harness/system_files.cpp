#include "harness/system_files.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 64 << 20;
constexpr int kMostCpus = 1 << 16;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<std::uint64_t> parseNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "cpu10" after "cpu9".
bool numbersByValue(const std::string& a, const std::string& b) {
  const std::size_t digits_a = a.find_first_of("0123456789");
  const std::size_t digits_b = b.find_first_of("0123456789");
  if (digits_a == digits_b && digits_a != std::string::npos &&
      a.compare(0, digits_a, b, 0, digits_b) == 0 && a.size() != b.size()) {
    return a.size() < b.size();
  }
  return a < b;
}

}  // namespace

fs::path SystemFiles::pathOf(std::string_view path) const {
  return root_ / fs::path(path).relative_path();
}

bool SystemFiles::exists(std::string_view path) const {
  std::error_code ignored;
  return fs::exists(pathOf(path), ignored);
}

std::optional<std::string> SystemFiles::text(std::string_view path) const {
  std::ifstream file(pathOf(path), std::ios::binary);
  std::string text;
  char piece[4096];
  // Files of /proc have no size; one that may be opened may still refuse to be read.
  while (text.size() < kMostBytes && (file.read(piece, sizeof piece), file.gcount() > 0)) {
    text.append(piece, static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof() && !(text.size() >= kMostBytes)) return std::nullopt;
  return text;
}

std::optional<std::string> SystemFiles::line(std::string_view path) const {
  const std::optional<std::string> whole = text(path);
  if (!whole) return std::nullopt;
  return std::string(trimmed(std::string_view(*whole).substr(0, whole->find('\n'))));
}

std::optional<std::uint64_t> SystemFiles::number(std::string_view path) const {
  const std::optional<std::string> first = line(path);
  return first ? parseNumber(*first) : std::nullopt;
}

std::optional<std::string> SystemFiles::chosen(std::string_view path) const {
  const std::optional<std::string> first = line(path);
  if (!first) return std::nullopt;
  const std::size_t begin = first->find('[');
  const std::size_t end = first->find(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return first;
  return first->substr(begin + 1, end - begin - 1);
}

std::optional<std::string> SystemFiles::valueOf(std::string_view path, std::string_view key) const {
  const std::optional<std::string> whole = text(path);
  if (!whole) return std::nullopt;
  std::string_view rest = *whole;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view one = rest.substr(0, end);
    const std::size_t separator = one.find_first_of(":=");
    if (separator != std::string_view::npos && trimmed(one.substr(0, separator)) == key) {
      return std::string(trimmed(one.substr(separator + 1)));
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return std::nullopt;
}

std::vector<std::string> SystemFiles::names(std::string_view folder,
                                            std::string_view beginning) const {
  std::vector<std::string> names;
  std::error_code failure;
  fs::directory_iterator entries(pathOf(folder), failure);
  for (; !failure && entries != fs::directory_iterator(); entries.increment(failure)) {
    std::string name = entries->path().filename().string();
    if (name.starts_with(beginning)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end(), numbersByValue);
  return names;
}

std::optional<std::vector<int>> parseCpuList(std::string_view text) {
  std::vector<int> cpus;
  for (std::string_view rest = trimmed(text); !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = trimmed(rest.substr(0, comma));
    const std::size_t dash = part.find('-');
    const auto first = parseNumber(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parseNumber(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kMostCpus) return std::nullopt;
    for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return cpus;
}

}  // namespace ringside::harness
