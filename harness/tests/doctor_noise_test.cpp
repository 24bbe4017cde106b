// What others do: from made-up counters, and seen on this machine.
#include "harness/doctor/noise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_tree.hpp"
#include "harness/doctor/doctor_report.hpp"
#include "harness/doctor/load_sample.hpp"

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// Two CPUs, and the processes 7 and 8 with so many ticks.
void writeStat(const FakeTree& tree, const std::string& cpu, const std::string& ticks_of_7,
               const std::string& ticks_of_8) {
  tree.write("/proc/stat", "cpu  " + cpu + "\ncpu0 0 0 0 0\ncpu1 0 0 0 0\nintr 5\n");
  const std::string fields = " S 1 1 1 0 -1 0 0 0 0 0 ";
  tree.write("/proc/7/stat", "7 (a (bad) name)" + fields + ticks_of_7 + " 0 0 0\n");
  tree.write("/proc/8/stat", "8 (own)" + fields + ticks_of_8 + " 0 0 0\n");
}

TEST(LoadSampleTest, IsWhatEverybodyElseUsedOfTheCpus) {
  const FakeTree tree;
  writeStat(tree, "100 0 0 900 0 0 0 0", "50", "10");
  const CpuTimes before = *readCpuTimes(tree.files());
  writeStat(tree, "180 0 0 1010 0 0 0 10", "110", "30");  // 200 ticks of two CPUs: 100 passed
  const LoadSample load = loadBetween(before, *readCpuTimes(tree.files()), 8);
  EXPECT_DOUBLE_EQ(load.others, 0.6);
  EXPECT_DOUBLE_EQ(load.stolen, 0.1);
  ASSERT_THAT(load.busiest, SizeIs(1));
  EXPECT_EQ(load.busiest[0].name, "a (bad) name");
  EXPECT_DOUBLE_EQ(load.busiest[0].cpus, 0.6);
}

TEST(LoadSampleTest, IsAbsentWhereNobodyCounts) {
  EXPECT_FALSE(readCpuTimes(FakeTree{}.files()).has_value());
  const FakeTree broken{{"/proc/stat", "cpu  1 2\n"}};
  EXPECT_FALSE(readCpuTimes(broken.files()).has_value());
}

TEST(LoadSampleTest, CanBeTakenHere) {
  const auto load = sampleLoad(SystemFiles(), std::chrono::milliseconds(30));
  ASSERT_TRUE(load.has_value());
  EXPECT_GE(load->others, 0.0);
}

TEST(NoiseTest, LooksAtTheClockOnEveryCpuAndComparesThem) {
  const Topology topology = Topology::ofThisMachine();
  const Noise noise = measureNoise(topology, calibrateClock(), std::chrono::milliseconds(50));
  ASSERT_EQ(noise.cpus.size(), topology.cpus().size());
  for (std::size_t i = 0; i < noise.cpus.size(); ++i) {
    const CpuNoise& cpu = noise.cpus[i];
    EXPECT_EQ(cpu.cpu, topology.cpus()[i].cpu);
    EXPECT_GE(cpu.seconds, 0.05);
    EXPECT_LE(static_cast<double>(cpu.lost_ns), cpu.seconds * 1e9);
    EXPECT_LE(cpu.longest_ns, cpu.lost_ns);
    EXPECT_EQ(cpu.gaps == 0, cpu.longest_ns == 0);
  }
  for (const ClockAgreement& clock : noise.clocks) EXPECT_GT(clock.bound_ns, 0.0);
}

Findings someFindings() {
  Findings findings;
  findings.diagnoses = {{"governor", Verdict::Ok, "performance on 2 CPUs", "it drifts", ""},
                        {"swap", Verdict::Warn, "1 MiB in use", "disks are slow", "swapoff -a"}};
  findings.clock = "time stamp counter";
  Noise noise;
  noise.cpus = {{.cpu = 3, .seconds = 0.5, .gaps = 100, .longest_ns = 5000, .lost_ns = 500'000}};
  noise.clocks = {{{0, 3}, 2.5, 40.0}};
  findings.noise = noise;
  return findings;
}

TEST(DoctorReportTest, AdvisesOnWhatIsNotOkAndEndsWithNoiseAndBound) {
  const std::string text = renderFindings(someFindings(), Format::Table, Colour::No);
  for (const char* part : {"governor  OK       performance", "WARN swap: 1 MiB", "why:  disks are",
                           "mend: swapoff -a", "200/s", "5.00 µs", "0.100 %", "not counted",
                           "±40.0 ns", "1 OK, 1 WARN, 0 FAIL, 0 unknown"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("it drifts")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(renderFindings(someFindings(), Format::Table, Colour::Yes),
              HasSubstr("\x1b[33mWARN"));
}

TEST(DoctorReportTest, HasTheSameChecksInEveryFormat) {
  for (const Format format : {Format::Table, Format::Json, Format::Csv, Format::Markdown}) {
    const std::string text = renderFindings(someFindings(), format, Colour::No);
    for (const char* part : {"governor", "swap", "WARN", "1 MiB in use", "swapoff -a"}) {
      EXPECT_THAT(text, HasSubstr(part));
    }
  }
}

TEST(DoctorReportTest, OnlyWhatIsOkIsOk) {
  Diagnosis diagnosis{"x", Verdict::Ok, "", "", ""};
  EXPECT_FALSE(anyNotOk({diagnosis}));
  for (const Verdict verdict : {Verdict::Warn, Verdict::Fail, Verdict::Unknown}) {
    diagnosis.verdict = verdict;
    EXPECT_TRUE(anyNotOk({diagnosis}));
  }
}

}  // namespace
}  // namespace ringside::harness
