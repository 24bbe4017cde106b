#include "results/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "results/hdr_codec.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::results {
namespace {

using testing::HasSubstr;
using testing::Not;

// Schema 1, as design.md section 5 has it: other tools read these bytes.
constexpr const char* kGoldenLine =
    R"({"schema":1,"suite":"quick","cell":"quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3",)"
    R"("repetition":0,"status":"ok","reason":null,"notes":["wanted huge pages, got 4096"],)"
    R"("axes":{"workload":"throughput","queue":"spsc","producers":1,"consumers":1,)"
    R"("element_size_bytes":64,"capacity":1024,"placement":"same_l3","memory":"posix_shm",)"
    R"("huge_pages":"never","lock_memory":false,"numa_node":null,"wait":"spin","batch":1,)"
    R"("tuning":"adaptive","rate_per_s":null,"prefault":true,"numa_policy":"any",)"
    R"("validate":"full"},)"
    R"("obtained":{"producer_cpus":[0],"consumer_cpus":[1],"page_size_bytes":4096,)"
    R"("locked_bytes":0,"node_pages":{"0":17},"producer_pids":[101],"consumer_pids":[102],)"
    R"("capacity":1024,"memory":"posix_shm","workers":[],"parent":null,)"
    R"("canary_ns":[26.5,31.0]},)"
    R"("validation":{"sent":1000000,"received":1000000,"lost":0,"duplicated":0,"reordered":0,)"
    R"("torn":0},"seconds":0.2,"metrics":{"messages_per_s":61000000.0},"histograms":{}})";

Record makeRecord() {
  Record record;
  record.suite = "quick";
  record.cell = "quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3";
  record.notes = {"wanted huge pages, got 4096"};
  record.axes.workload = "throughput";
  record.axes.queue = "spsc";
  record.axes.element_size_bytes = 64;
  record.axes.capacity = 1024;
  record.axes.placement = "same_l3";
  record.obtained = Obtained{.producer_cpus = {0},
                             .consumer_cpus = {1},
                             .producer_pids = {101},
                             .consumer_pids = {102},
                             .page_size_bytes = 4096,
                             .node_pages = {{0, 17}},
                             .capacity = 1024,
                             .memory = "posix_shm",
                             .canary = Canary{.before_ns = 26.5, .after_ns = 31}};
  record.validation = Validation{.sent = 1'000'000, .received = 1'000'000};
  record.seconds = 0.2;
  record.metrics = {{"messages_per_s", 61.0e6}};
  return record;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t position = text.find(from);
  EXPECT_NE(position, std::string::npos) << from;
  return text.replace(position, from.size(), to);
}

/// What fromJson says of the golden line with `from` in it replaced by `to`.
std::string refusalOf(const std::string& from, const std::string& to) {
  const std::string line = replaced(kGoldenLine, from, to);
  return messageOf<RecordError>([&] { fromJson(line); });
}

TEST(RecordTest, IsWrittenAsTheGoldenLine) { EXPECT_EQ(toJson(makeRecord()), kGoldenLine); }

TEST(RecordTest, ComesBackAsItWasWritten) {
  Record record = makeRecord();
  record.status = Status::Failed;
  record.reason = "producer 0 died of SIGSEGV in \"measure\"";
  record.repetition = 3;
  record.axes.numa_node = 1;
  record.axes.rate_per_s = 1.5e6;
  const Record read = fromJson(toJson(record));
  EXPECT_EQ(toJson(read), toJson(record));
  EXPECT_EQ(read.axes, record.axes);
  EXPECT_EQ(read.obtained, record.obtained);
  EXPECT_EQ(read.validation, record.validation);
  EXPECT_EQ(read.reason, record.reason);
  EXPECT_EQ(read.status, Status::Failed);
}

TEST(RecordTest, CarriesWhatEachProcessRead) {
  Record record = makeRecord();
  record.axes.prefault = false;
  record.axes.numa_policy = "interleave";
  record.axes.validate = "sequence";
  const ProcessReading reading{.name = "producer 0",
                               .pid = 101,
                               .cpu_at_start = 0,
                               .cpu_at_end = 1,
                               .wall_ns = 200'000'000,
                               .cpu_ns = 199'000'000,
                               .minor_faults = 1,
                               .major_faults = 2,
                               .voluntary_switches = 3,
                               .involuntary_switches = 4,
                               .run_delay_ns = 5,
                               .before = {.page_size_bytes = 4096, .locked_bytes = 8192},
                               .after = {.page_size_bytes = 2097152, .node_pages = {{1, 9}}}};
  record.obtained->workers = {reading, {.name = "consumer 0", .pid = 102}};
  record.obtained->parent = reading;
  const Record read = fromJson(toJson(record));
  EXPECT_EQ(read.obtained, record.obtained);
  EXPECT_EQ(read.axes, record.axes);
  EXPECT_FALSE(read.obtained->workers[1].run_delay_ns.has_value());
}

TEST(RecordTest, WrittenBeforeTheyExistedHasNoReadingsAndTheUsualAxes) {
  std::string line =
      replaced(kGoldenLine,
               R"(,"memory":"posix_shm","workers":[],"parent":null,"canary_ns":[26.5,31.0])", "");
  line = replaced(line, R"(,"prefault":true,"numa_policy":"any","validate":"full")", "");
  const Record read = fromJson(line);
  EXPECT_TRUE(read.obtained->workers.empty());
  EXPECT_FALSE(read.obtained->parent.has_value());
  EXPECT_FALSE(read.obtained->canary.has_value());
  EXPECT_EQ(read.gives_up, "");
  EXPECT_TRUE(read.axes.prefault);
  EXPECT_EQ(read.axes.numa_policy, "any");
  EXPECT_EQ(read.axes.validate, "full");
}

TEST(RecordTest, SaysWhatItsQueueGivesUp) {
  Record record = makeRecord();
  record.gives_up = "order within a producer";
  EXPECT_EQ(fromJson(toJson(record)).gives_up, "order within a producer");
}

TEST(RecordTest, HasNoCanaryWhereNoneWasMeasured) {
  Record record = makeRecord();
  record.obtained->canary.reset();
  const std::string line = toJson(record);
  EXPECT_THAT(line, HasSubstr(R"("canary_ns":null)"));
  EXPECT_FALSE(fromJson(line).obtained->canary.has_value());
}

TEST(RecordTest, RefusesACanaryThatIsNone) {
  EXPECT_THAT(refusalOf("[26.5,31.0]", "[26.5]"), HasSubstr("it must be [before, after]"));
  EXPECT_THAT(refusalOf("[26.5,31.0]", "[26.5,0]"), HasSubstr("above 0 ns"));
  EXPECT_THAT(refusalOf("[26.5,31.0]", R"(["a","b"])"), HasSubstr("obtained.canary_ns"));
}

TEST(RecordTest, RefusesWorkersThatAreNone) {
  EXPECT_THAT(refusalOf(R"("workers":[])", R"("workers":7)"), HasSubstr("obtained.workers"));
  EXPECT_THAT(refusalOf(R"("workers":[])", R"("workers":[{"pid":"x"}])"),
              HasSubstr("obtained.workers.pid"));
}

TEST(RecordTest, CarriesItsHistograms) {
  Record record = makeRecord();
  record.histograms["rtt_ns"] = std::make_shared<Histogram>();
  for (std::uint64_t value = 1; value < 100'000; value += 7) {
    record.histograms["rtt_ns"]->record(value);
  }
  EXPECT_THAT(toJson(record), HasSubstr(R"("histograms":{"rtt_ns":"HISTFAAAA)"));
  const Record read = fromJson(toJson(record));
  EXPECT_EQ(encodeHdr(*read.histograms.at("rtt_ns")), encodeHdr(*record.histograms["rtt_ns"]));
}

TEST(RecordTest, HasNullCountsWithoutValidation) {
  Record record = makeRecord();
  record.validation.reset();
  const std::string line = toJson(record);
  EXPECT_THAT(line, HasSubstr(R"("validation":{"sent":null,"received":null,"lost":null,)"
                              R"("duplicated":null,"reordered":null,"torn":null})"));
  EXPECT_FALSE(fromJson(line).validation.has_value());
}

TEST(RecordTest, ThatNeverRanHasNothingObtained) {
  Record record = makeRecord();
  record.obtained.reset();
  EXPECT_THAT(toJson(record), HasSubstr(R"("obtained":null)"));
  EXPECT_FALSE(fromJson(toJson(record)).obtained.has_value());
}

TEST(RecordTest, NeverWritesANumberThatIsNotFinite) {
  Record record = makeRecord();
  record.metrics["messages_per_s"] = std::numeric_limits<double>::infinity();
  record.metrics["recovery_ms"] = std::numeric_limits<double>::quiet_NaN();
  record.seconds = -std::numeric_limits<double>::infinity();
  record.axes.rate_per_s = std::numeric_limits<double>::quiet_NaN();
  const std::string line = toJson(record);
  EXPECT_THAT(line, HasSubstr(R"("metrics":{"messages_per_s":null,)"
                              R"("messages_per_s_status":"infinite","recovery_ms":null,)"
                              R"("recovery_ms_status":"not a number"})"));
  EXPECT_THAT(line, HasSubstr(R"("seconds":null,"seconds_status":"negative infinite")"));
  EXPECT_THAT(line, HasSubstr(R"("rate_per_s":null,"rate_per_s_status":"not a number")"));

  const Record read = fromJson(line);
  EXPECT_TRUE(read.metrics.empty());
  EXPECT_EQ(read.seconds, 0.0);
  EXPECT_FALSE(read.axes.rate_per_s.has_value());
}

TEST(RecordTest, StaysOneLineOfUtf8WhateverTheReasonHolds) {
  Record record = makeRecord();
  record.reason = "first\nsecond \xff\xfe";
  const std::string line = toJson(record);
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_EQ(fromJson(line).reason, "first\nsecond \uFFFD\uFFFD");
}

TEST(RecordTest, IgnoresKeysItDoesNotKnow) {
  const std::string line = replaced(kGoldenLine, R"("suite":)", R"("colour":{"a":[1]},"suite":)");
  EXPECT_EQ(toJson(fromJson(line)), kGoldenLine);
}

TEST(RecordTest, TakesTheDefaultOfAnAxisThatAnOlderRecordLacks) {
  const std::string line = replaced(kGoldenLine, R"("batch":1,"tuning":"adaptive",)", "");
  EXPECT_EQ(fromJson(line).axes, makeRecord().axes);
}

TEST(RecordTest, RefusesAnotherSchema) {
  EXPECT_THAT(refusalOf(R"("schema":1)", R"("schema":2)"), HasSubstr("schema is 2"));
  EXPECT_THAT(refusalOf(R"("schema":1,)", ""), HasSubstr("schema is missing"));
}

TEST(RecordTest, NamesTheKeyAndTheValueItRefuses) {
  EXPECT_THAT(refusalOf(R"("capacity":1024,"pl)", R"("capacity":"big","pl)"),
              HasSubstr(R"(axes.capacity is "big"; it must be a whole number)"));
  EXPECT_THAT(refusalOf(R"("producers":1)", R"("producers":-1)"),
              HasSubstr("axes.producers is -1; it must be a whole number, 0..4294967295"));
  EXPECT_THAT(refusalOf(R"("producers":1)", R"("producers":4294967296)"),
              HasSubstr("axes.producers is 4294967296"));
  EXPECT_THAT(refusalOf(R"("batch":1)", R"("batch":1.5)"), HasSubstr("axes.batch is 1.5"));
  EXPECT_THAT(refusalOf(R"("lock_memory":false)", R"("lock_memory":0)"),
              HasSubstr("axes.lock_memory is 0; it must be true or false"));
  EXPECT_THAT(refusalOf(R"("status":"ok")", R"("status":"fine")"),
              HasSubstr(R"(status is "fine"; it must be ok, failed, invalid or skipped)"));
  EXPECT_THAT(refusalOf(R"("queue":"spsc",)", ""), HasSubstr("axes.queue is missing"));
  EXPECT_THAT(refusalOf(R"({"0":17})", R"({"north":17})"), HasSubstr(R"("north")"));
  EXPECT_THAT(refusalOf(R"("lost":0)", R"("lost":null)"), HasSubstr("validation.lost is missing"));
  EXPECT_THAT(refusalOf("61000000.0", R"("fast")"), HasSubstr("metrics.messages_per_s is"));
  EXPECT_THAT(refusalOf(R"("notes":[)", R"("notes":[7,)"), HasSubstr("notes is 7"));
  EXPECT_THAT(refusalOf(R"("histograms":{})", R"("histograms":{"rtt_ns":"HIST"})"),
              HasSubstr(R"(histograms.rtt_ns is "HIST")"));
}

TEST(RecordTest, RefusesWhatIsNoObject) {
  EXPECT_THAT(messageOf<RecordError>([] { fromJson("{\"schema\":1"); }), HasSubstr("not JSON"));
  EXPECT_THAT(messageOf<RecordError>([] { fromJson("[1]"); }), HasSubstr("the line is [1]"));
  EXPECT_THAT(refusalOf("0.2", "1e999"), HasSubstr("out of range"));
  EXPECT_THAT(refusalOf(R"("metrics":{"messages_per_s":61000000.0})", R"("metrics":3)"),
              HasSubstr("metrics is 3; it must be an object"));
}

TEST(StatusTest, ComesBackFromItsName) {
  for (const Status status : {Status::Ok, Status::Failed, Status::Invalid, Status::Skipped}) {
    EXPECT_EQ(parseStatus(toString(status)), status);
  }
  EXPECT_EQ(parseStatus("OK"), std::nullopt);
}

TEST(ValidationTest, IsCleanOnlyWithoutAnyOffence) {
  EXPECT_TRUE((Validation{.sent = 2, .received = 5}.clean()));
  EXPECT_FALSE(Validation{.lost = 1}.clean());
  EXPECT_FALSE(Validation{.duplicated = 1}.clean());
  EXPECT_FALSE(Validation{.reordered = 1}.clean());
  EXPECT_FALSE(Validation{.torn = 1}.clean());
}

class ReadRecordsTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    std::filesystem::path file = scratch_.path() / "records.jsonl";
    writeText(file, text);
    return file;
  }

  ScratchFolder scratch_;
  const std::string line_ = kGoldenLine;
};

TEST_F(ReadRecordsTest, ReadsEveryLineOfAFileOrOfABundle) {
  const std::filesystem::path file = write(line_ + "\n\n" + line_ + "\n");
  EXPECT_EQ(readRecords(file).size(), 2U);
  EXPECT_EQ(readRecords(scratch_.path()).size(), 2U);
}

TEST_F(ReadRecordsTest, ReadsAWholeLastLineWithoutALineEnd) {
  EXPECT_EQ(readRecords(write(line_ + "\n" + line_)).size(), 2U);
}

TEST_F(ReadRecordsTest, NamesFileAndLineOfABadRecord) {
  const auto file = write(line_ + "\n" + replaced(line_, R"("batch":1)", R"("batch":-7)") + "\n");
  EXPECT_THAT(messageOf<RecordError>([&] { readRecords(file); }),
              HasSubstr(file.string() + ":2: axes.batch is -7"));
}

TEST_F(ReadRecordsTest, SaysThatALastLineIsCutOff) {
  const auto file = write(line_ + "\n" + line_.substr(0, 200));
  EXPECT_THAT(messageOf<RecordError>([&] { readRecords(file); }),
              HasSubstr(file.string() + ":2: the last line is cut off"));
  EXPECT_EQ(readRecords(file, CutOffLine::Drop).size(), 1U);
}

TEST_F(ReadRecordsTest, NeverDropsADamagedLineThatWasWrittenWhole) {
  const auto file = write(line_.substr(0, 200) + "\n");
  EXPECT_THROW(readRecords(file, CutOffLine::Drop), RecordError);
}

TEST_F(ReadRecordsTest, SaysWhichFileIsMissing) {
  const std::filesystem::path file = scratch_.path() / "none.jsonl";
  EXPECT_THAT(messageOf<RecordError>([&] { readRecords(file); }),
              HasSubstr(file.string() + ": cannot be opened (No such file"));
}

}  // namespace
}  // namespace ringside::results
