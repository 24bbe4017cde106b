#include "harness/doctor/doctor_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

struct VerdictLook {
  Verdict verdict;
  Tone tone;  ///< of its word
};

constexpr VerdictLook kLooks[] = {{Verdict::Ok, Tone::Good},
                                  {Verdict::Warn, Tone::Doubtful},
                                  {Verdict::Fail, Tone::Bad},
                                  {Verdict::Unknown, Tone::Unknown}};

std::string worded(Verdict verdict, Colour colour) {
  const auto* look = std::find_if(std::begin(kLooks), std::end(kLooks),
                                  [&](const VerdictLook& any) { return any.verdict == verdict; });
  return toned(std::string(toString(verdict)), look->tone, colour);
}

std::string summaryOf(const std::vector<Diagnosis>& diagnoses, Colour colour) {
  std::string text;
  for (const VerdictLook& look : kLooks) {
    const auto count = std::count_if(
        diagnoses.begin(), diagnoses.end(),
        [&](const Diagnosis& diagnosis) { return diagnosis.verdict == look.verdict; });
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, worded(look.verdict, colour));
  }
  return text + "\n";
}

/// Of one check, with `before` and `after` around its verdict. It is coloured after it is laid out:
/// an escape has no width.
std::string checkLine(const Diagnosis& diagnosis, const std::string& before,
                      const std::string& after, Colour colour, std::size_t columns) {
  const std::string_view word = toString(diagnosis.verdict);
  std::string line = wrapped(fmt::format("{}{}{}", before, word, after), diagnosis.seen, columns);
  return line.replace(before.size(), word.size(), worded(diagnosis.verdict, colour));
}

std::string checksText(const std::vector<Diagnosis>& diagnoses, Colour colour,
                       std::size_t columns) {
  constexpr std::size_t kVerdictColumns = 7;
  std::size_t widest = 0;
  for (const Diagnosis& diagnosis : diagnoses) widest = std::max(widest, diagnosis.name.size());
  std::string text;
  for (const Diagnosis& diagnosis : diagnoses) {
    const std::string after(kVerdictColumns + 2 - toString(diagnosis.verdict).size(), ' ');
    text += checkLine(diagnosis, fmt::format("{:<{}}  ", diagnosis.name, widest), after, colour,
                      columns);
  }
  return text;
}

std::string advice(const std::vector<Diagnosis>& diagnoses, Colour colour, std::size_t columns) {
  std::string text;
  for (const Diagnosis& diagnosis : diagnoses) {
    if (diagnosis.verdict == Verdict::Ok) continue;
    text += "\n" + checkLine(diagnosis, "", fmt::format(" {}: ", diagnosis.name), colour, columns);
    text += wrapped("  why:  ", diagnosis.why, kUsualColumns);
    text += wrapped("  mend: ", diagnosis.mend, kUsualColumns);
  }
  return text;
}

double perSecond(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

TextTable noiseTable(const Noise& noise) {
  TextTable table({"cpu", "gaps > 1 µs", "longest", "lost", "run delay"}, 0);
  for (const CpuNoise& cpu : noise.cpus) {
    table.add({std::to_string(cpu.cpu),
               fmt::format("{}/s", formatCount(perSecond(cpu.gaps, cpu.seconds))),
               formatNs(static_cast<double>(cpu.longest_ns)),
               fmt::format("{:.3f} %", perSecond(cpu.lost_ns, cpu.seconds) * 1e-7),
               cpu.run_delay_known
                   ? fmt::format("{:.3f} %", perSecond(cpu.run_delay_ns, cpu.seconds) * 1e-7)
                   : "not counted"});
  }
  return table;
}

TextTable clockTable(const Noise& noise) {
  TextTable table({"cpus", "bound", "offset seen"}, 1);
  for (const ClockAgreement& clock : noise.clocks) {
    table.add({fmt::format("{} and {}", clock.cpus.first, clock.cpus.second),
               fmt::format("±{:.1f} ns", clock.bound_ns),
               fmt::format("{:+.1f} ns", clock.offset_ns)});
  }
  return table;
}

std::string noiseHeading(const Noise& noise) {
  const double seconds = noise.cpus.empty() ? 0 : noise.cpus.front().seconds;
  return fmt::format("noise floor: a process on each CPU that only looked at the clock, {:.1f} s",
                     seconds);
}

std::string clockHeading(const Findings& findings) {
  return fmt::format("clock: {}, step {:.1f} ns; one-way times below the bound say nothing",
                     findings.clock, findings.noise->clock_step_ns);
}

std::string renderText(const Findings& findings, Colour colour, std::size_t columns) {
  std::string text =
      checksText(findings.diagnoses, colour, columns) + advice(findings.diagnoses, colour, columns);
  if (findings.noise) {
    text += fmt::format("\n{}\n{}", noiseHeading(*findings.noise),
                        noiseTable(*findings.noise).allAligned());
    text += fmt::format("\n{}{}", wrapped("", clockHeading(findings), kUsualColumns),
                        findings.noise->clocks.empty() ? "one CPU: there is nothing to compare\n"
                                                       : clockTable(*findings.noise).allAligned());
  }
  return fmt::format("{}\n{}", text, summaryOf(findings.diagnoses, colour));
}

std::string renderMarkdown(const Findings& findings) {
  TextTable checks({"check", "verdict", "seen", "why it matters", "what mends it"}, 5);
  for (const Diagnosis& one : findings.diagnoses) {
    const bool is_ok = one.verdict == Verdict::Ok;
    checks.add({one.name, std::string(toString(one.verdict)), one.seen, is_ok ? "" : one.why,
                is_ok ? "" : one.mend});
  }
  std::string text = checks.allMarkdown();
  if (findings.noise) {
    text += fmt::format("\n{}\n\n{}", noiseHeading(*findings.noise),
                        noiseTable(*findings.noise).allMarkdown());
    text += fmt::format("\n{}\n\n{}", clockHeading(findings),
                        clockTable(*findings.noise).allMarkdown());
  }
  return fmt::format("{}\n{}", text, summaryOf(findings.diagnoses, Colour::No));
}

ordered_json toJson(const Diagnosis& diagnosis) {
  return {{"name", diagnosis.name},
          {"verdict", toString(diagnosis.verdict)},
          {"seen", diagnosis.seen},
          {"why", diagnosis.why},
          {"mend", diagnosis.mend.empty() ? ordered_json(nullptr) : ordered_json(diagnosis.mend)}};
}

ordered_json noiseToJson(const Noise& noise) {
  ordered_json cpus = ordered_json::array();
  for (const CpuNoise& cpu : noise.cpus) {
    cpus.push_back(
        {{"cpu", cpu.cpu},
         {"seconds", cpu.seconds},
         {"gaps_per_s", perSecond(cpu.gaps, cpu.seconds)},
         {"longest_ns", cpu.longest_ns},
         {"lost_fraction", perSecond(cpu.lost_ns, cpu.seconds) * 1e-9},
         {"run_delay_fraction", cpu.run_delay_known
                                    ? ordered_json(perSecond(cpu.run_delay_ns, cpu.seconds) * 1e-9)
                                    : ordered_json(nullptr)}});
  }
  return cpus;
}

std::string renderAsJson(const Findings& findings) {
  ordered_json json = {{"container", findings.container.empty() ? ordered_json(nullptr)
                                                                : ordered_json(findings.container)},
                       {"checks", ordered_json::array()},
                       {"noise", nullptr},
                       {"clock", nullptr}};
  for (const Diagnosis& diagnosis : findings.diagnoses) json["checks"].push_back(toJson(diagnosis));
  if (!findings.noise) return renderJson(json);
  json["noise"] = noiseToJson(*findings.noise);
  json["clock"] = {{"source", findings.clock},
                   {"step_ns", findings.noise->clock_step_ns},
                   {"pairs", ordered_json::array()}};
  for (const ClockAgreement& clock : findings.noise->clocks) {
    json["clock"]["pairs"].push_back({{"first", clock.cpus.first},
                                      {"second", clock.cpus.second},
                                      {"offset_ns", clock.offset_ns},
                                      {"bound_ns", clock.bound_ns}});
  }
  return renderJson(json);
}

}  // namespace

bool anyNotOk(const std::vector<Diagnosis>& diagnoses) {
  return std::any_of(diagnoses.begin(), diagnoses.end(),
                     [](const Diagnosis& diagnosis) { return diagnosis.verdict != Verdict::Ok; });
}

std::string renderFindings(const Findings& findings, Format format, Colour colour,
                           std::size_t columns) {
  switch (format) {
    case Format::Json:
      return renderAsJson(findings);
    case Format::Csv: {
      std::vector<ordered_json> rows;
      for (const Diagnosis& diagnosis : findings.diagnoses) rows.push_back(toJson(diagnosis));
      return renderCsv(rows);
    }
    case Format::Markdown:
      return renderMarkdown(findings);
    case Format::Table:
      break;
  }
  return renderText(findings, colour, columns);
}

}  // namespace ringside::harness
