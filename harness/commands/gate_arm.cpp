// ringside gate-arm: one arm of a block, started by `ringside gate`, and by nobody else.
#include <fmt/format.h>

#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/duet/arm.hpp"
#include "harness/duet/arm_files.hpp"
#include "harness/duet/arm_process.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {

void addGateArmCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command = app.add_subcommand(kArmVerb, "One arm of a block, started by gate");
  command->group("");  // in no help
  auto job = std::make_shared<int>(-1);
  auto stamp = std::make_shared<bool>(false);
  command->add_option("--job", *job, "The descriptor of the job");
  command->add_flag("--stamp", *stamp, "Say which harness this is");
  command->callback([job, stamp] {
    if (*stamp) return put("{}\n", armStamp());
    if (*job < 0) throw UsageError("gate-arm: is started by `ringside gate`; run that");
    runArm(slotJobFrom(contentOf(results::Descriptor(*job))));
  });
}

}  // namespace ringside::harness
