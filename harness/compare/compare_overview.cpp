#include "harness/compare/compare_overview.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "harness/compare/compare_texts.hpp"
#include "harness/console.hpp"

namespace ringside::harness {
namespace {

/// Whether all bundles can be named.
bool isShort(const CompareReport& report) { return report.bundles.size() <= kMostNamed; }

/// Words that all of these have in front and behind make room: "… mitigations=off …".
std::vector<std::string> shortened(const std::vector<std::string>& values) {
  constexpr std::size_t kShort = 40;
  const auto longest = std::max_element(
      values.begin(), values.end(),
      [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  if (longest->size() <= kShort) return values;
  const std::string& first = values.front();
  std::size_t before = first.size();
  std::size_t behind = first.size();
  for (const std::string& value : values) {
    const auto front = std::mismatch(first.begin(), first.end(), value.begin(), value.end()).first;
    const auto back =
        std::mismatch(first.rbegin(), first.rend(), value.rbegin(), value.rend()).first;
    before = std::min(before, static_cast<std::size_t>(front - first.begin()));
    behind = std::min(behind, static_cast<std::size_t>(back - first.rbegin()));
  }
  const std::size_t word = first.rfind(' ', before);
  before = before == 0 || word == std::string::npos ? 0 : word + 1;
  std::vector<std::string> texts;
  for (const std::string& value : values) {
    const std::size_t kept = std::min(behind, value.size() - std::min(value.size(), before));
    std::size_t end = value.size() - kept;
    end = std::min(value.find(' ', end), value.size());
    texts.push_back(fmt::format("{}{}{}", before > 0 ? "… " : "",
                                value.substr(before, end - before),
                                end < value.size() ? " …" : ""));
  }
  return texts;
}

TextTable bundleTable(const CompareReport& report) {
  TextTable table({"", "bundle", "measured, UTC", "records"}, 3);
  const std::size_t shown = isShort(report) ? report.bundles.size() : kMostNamed;
  for (std::size_t i = 0; i < shown; ++i) {
    const ComparedBundle& bundle = report.bundles[i];
    const std::string time = bundle.facts.time();
    table.add({bundle.label, bundle.folder.string(), time.empty() ? kNoValue : time,
               std::to_string(bundle.records)});
  }
  return table;
}

/// Of many bundles the values that most of them have, each with how many do.
TextTable commonValueTable(const CompareReport& report) {
  constexpr std::size_t kMostValues = 3;
  TextTable table({"differs", "values", "bundles and what they have"}, 1, LastColumn::Words);
  for (const Difference& difference : report.differences) {
    std::map<std::string, std::size_t> counts;
    for (const std::string& value : difference.values) ++counts[value];
    std::vector<std::pair<std::size_t, std::string>> frequent;
    for (const auto& [value, count] : counts) frequent.emplace_back(count, value);
    std::ranges::stable_sort(frequent, std::greater<>(),
                             &std::pair<std::size_t, std::string>::first);
    std::vector<std::string> texts;
    for (const auto& [count, value] : frequent) {
      texts.push_back(fmt::format("{} {}", count, value.empty() ? kNoValue : value));
    }
    table.add({difference.fact, std::to_string(counts.size()), namedText(texts, kMostValues)});
  }
  return table;
}

TextTable differenceTable(const CompareReport& report) {
  if (!isShort(report)) return commonValueTable(report);
  Row headings = {"differs"};
  for (const ComparedBundle& bundle : report.bundles) headings.push_back(bundle.label);
  TextTable table(headings, headings.size());
  for (const Difference& difference : report.differences) {
    Row row = {difference.fact};
    for (std::string& value : shortened(difference.values)) {
      row.push_back(value.empty() ? kNoValue : std::move(value));
    }
    table.add(std::move(row));
  }
  return table;
}

/// Values that are too long to stand beside one another stand below one another.
std::string differenceText(const CompareReport& report, std::size_t columns) {
  const TextTable table = differenceTable(report);
  if (columns == 0 || table.width() <= columns || !isShort(report)) return table.allAligned();
  std::string text = "differs\n";
  for (const Difference& difference : report.differences) {
    text += difference.fact + "\n";
    const std::vector<std::string> values = shortened(difference.values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      text += wrapped(fmt::format("  {}  ", report.bundles[i].label),
                      values[i].empty() ? kNoValue : values[i], columns);
    }
  }
  return text;
}

/// How many bundles are not named; else empty.
std::string moreText(const CompareReport& report) {
  if (isShort(report)) return {};
  return fmt::format("and {}, which --format json names",
                     counted(report.bundles.size() - kMostNamed, "more bundle"));
}

/// Which sides are compared, where they are not the bundles; else empty.
std::string sidesText(const CompareReport& report) {
  if (report.request.by.empty()) return {};
  std::vector<std::string> names;
  for (const ComparedSide& side : report.sides) {
    names.push_back(side.label == side.name ? side.name
                                            : fmt::format("{} {}", side.label, side.name));
  }
  return fmt::format("by {}: {}; the first is the baseline", report.request.by, namedText(names));
}

}  // namespace

std::string namedText(const std::vector<std::string>& names, std::size_t most) {
  return namedText(names, ", ", most);
}

std::string namedText(const std::vector<std::string>& names, const char* between,
                      std::size_t most) {
  if (names.size() <= most) return fmt::format("{}", fmt::join(names, between));
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(most);
  return fmt::format("{} … and {} more", fmt::join(names.begin(), end, between),
                     names.size() - most);
}

std::string overviewText(const CompareReport& report, const TableLook& look) {
  constexpr const char* kDispensable[] = {"records", "measured, UTC"};
  TextTable bundles = bundleTable(report);
  const std::vector<std::string> left_out = bundles.fitInto(look.columns, kDispensable);
  std::string text = bundles.allAligned();
  if (const std::string more = moreText(report); !more.empty()) text += more + "\n";
  text += leftOutText(left_out) + "\n";
  if (!report.differences.empty()) text += differenceText(report, look.columns) + "\n";
  if (report.differences.empty() && report.bundles.size() > 1) {
    text += "nothing that is known of machine and program differs\n\n";
  }
  if (const std::string sides = sidesText(report); !sides.empty()) {
    text += wrapped("", sides, look.columns) + "\n";
  }
  return text;
}

std::string overviewMarkdown(const CompareReport& report) {
  std::string text = bundleTable(report).allMarkdown() + "\n";
  if (const std::string more = moreText(report); !more.empty()) text += more + "\n\n";
  if (!report.differences.empty()) text += differenceTable(report).allMarkdown() + "\n";
  if (const std::string sides = sidesText(report); !sides.empty()) text += sides + "\n\n";
  return text;
}

}  // namespace ringside::harness
