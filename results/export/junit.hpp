// Results as JUnit XML, which Jenkins, GitLab and ReFrame show as tests:
//
//   <testsuites tests failures errors skipped time>
//     <testsuite name tests failures errors skipped time timestamp hostname>
//       <properties><property name value/></properties>
//       <testcase classname name time>
//         <failure message type>text</failure> | <error message type/> | <skipped message/>
//         <system-out/> <system-err/>
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "results/exit_code.hpp"
#include "results/record.hpp"

namespace ringside::results {

/// Failure: what was tested is not as it should be. Error: that could not be found out.
enum class JunitStatus : std::uint8_t { Passed, Failure, Error, Skipped };

struct JunitOutcome {
  JunitStatus status = JunitStatus::Passed;
  std::string type = {};  ///< of a failure or error, one word: "regression", "integrity", "crash" …
  std::string message = {};  ///< one line; of a failure, an error or a skip
  std::string text = {};     ///< of a failure or error: all there is to say, in lines
};

struct JunitCase {
  std::string classname = {};  ///< suite.policy.placement; readers make folders of its parts
  std::string name = {};       ///< the parameters
  double seconds = 0;          ///< 0 or more; what is not a finite number is written as 0
  JunitOutcome outcome = {};
  std::string system_out = {};
  std::string system_err = {};
};

struct JunitSuite {
  std::string name = {};
  std::chrono::system_clock::time_point started = {};  ///< written in UTC, to the second
  std::string hostname = {};
  std::vector<std::pair<std::string, std::string>> properties = {};  ///< name, value
  std::vector<JunitCase> cases = {};
};

/// How what a verb would tell the shell looks here: a regression and an integrity violation are
/// failures; an invalid measurement, a crash, bad input and a refusing environment are errors;
/// what is inconclusive or was skipped is skipped. `message` says why.
JunitOutcome junitOutcome(ExitCode code, std::string message);

/// A repetition of a cell: its suite, queue and placement as classname, the rest of the cell and
/// the repetition as name, its measured phase as time.
JunitCase junitCase(const Record& record);

/// The whole document. Counts and times of a suite are those of its cases, and of the document
/// those of its suites. Always well-formed, whatever the strings hold (see xml_text.hpp).
std::string toJunit(const std::vector<JunitSuite>& suites);

/// The same to a file, which is there whole or not at all. Throws std::system_error with the path
/// when it cannot be written.
void writeJunit(const std::filesystem::path& file, const std::vector<JunitSuite>& suites);

}  // namespace ringside::results
