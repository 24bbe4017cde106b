#include "results/exit_code.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ringside::results {
namespace {

Record withStatus(Status status) {
  Record record;
  record.status = status;
  return record;
}

Record withLoss() {
  Record record = withStatus(Status::Failed);
  record.validation = Validation{.sent = 2, .received = 1, .lost = 1};
  return record;
}

ExitCode codeFor(const std::vector<Record>& records) {
  return exitCodeFor(records, Interrupted::No);
}

const Record kOk = withStatus(Status::Ok);
const Record kFailed = withStatus(Status::Failed);
const Record kInvalid = withStatus(Status::Invalid);
const Record kSkipped = withStatus(Status::Skipped);

TEST(ExitCodeTest, HasTheValuesThatCiReads) {
  EXPECT_EQ(static_cast<int>(ExitCode::Fine), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::Regression), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::Usage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::Integrity), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::Inconclusive), 4);
  EXPECT_EQ(static_cast<int>(ExitCode::Invalid), 5);
  EXPECT_EQ(static_cast<int>(ExitCode::EnvironmentRefused), 6);
  EXPECT_EQ(static_cast<int>(ExitCode::WorkerFailed), 7);
  EXPECT_EQ(static_cast<int>(ExitCode::EverythingSkipped), 77);
  EXPECT_EQ(static_cast<int>(ExitCode::Interrupted), 130);
}

TEST(ExitCodeTest, IsFineWhenAllIsOkOrOnlySomeSkipped) {
  EXPECT_EQ(codeFor({kOk, kOk}), ExitCode::Fine);
  EXPECT_EQ(codeFor({kOk, kSkipped}), ExitCode::Fine);
  EXPECT_EQ(codeFor({}), ExitCode::Fine);
}

TEST(ExitCodeTest, SaysThatEverythingWasSkipped) {
  EXPECT_EQ(codeFor({kSkipped, kSkipped}), ExitCode::EverythingSkipped);
}

TEST(ExitCodeTest, IsThatOfTheGravestRecord) {
  EXPECT_EQ(codeFor({kSkipped, kInvalid}), ExitCode::Invalid);
  EXPECT_EQ(codeFor({kOk, kInvalid, kFailed}), ExitCode::WorkerFailed);
  EXPECT_EQ(codeFor({kFailed, kInvalid, withLoss(), kOk}), ExitCode::Integrity);
}

TEST(ExitCodeTest, IsInterruptedWhateverTheRecordsSay) {
  const std::vector<Record> records = {withLoss()};
  EXPECT_EQ(exitCodeFor(records, Interrupted::Yes), ExitCode::Interrupted);
  EXPECT_EQ(exitCodeFor({}, Interrupted::Yes), ExitCode::Interrupted);
}

TEST(ExitCodeTest, IsIntegrityForLossWhateverTheStatusSays) {
  Record record = withLoss();
  record.status = Status::Ok;
  EXPECT_EQ(codeFor({record}), ExitCode::Integrity);
}

TEST(ExitCodeTest, BlamesTheWorkerWhenAFailedRecordIsClean) {
  Record record = kFailed;
  record.validation = Validation{.sent = 5, .received = 5};
  EXPECT_EQ(codeFor({record}), ExitCode::WorkerFailed);
}

}  // namespace
}  // namespace ringside::results
