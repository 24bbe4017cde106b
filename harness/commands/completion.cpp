// ringside completion: what a shell reads to complete arguments; and `complete`, which it asks.
#include "harness/command_line/completion_script.hpp"
#include "harness/command_line/completions.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"

namespace ringside::harness {

void addCompletionCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command = app.add_subcommand("completion", "Completion of arguments, for a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "Which")
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->required();
  command->footer(
      "Examples:\n  source <(ringside completion bash)\n"
      "  ringside completion zsh > ~/.zfunc/_ringside");
  command->callback([shell] { putData(*shell == "bash" ? kBashCompletion : kZshCompletion); });
}

void addCompleteCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command = app.add_subcommand(std::string(kCompleteVerb), "What may stand next");
  command->group("");  // in no help
  auto typed = std::make_shared<std::vector<std::string>>();
  command->add_option("typed", *typed, "The words after ringside, behind --");
  command->callback([typed, &app] {
    for (const Candidate& candidate : completions(describe(app), *typed, wordsAtHand)) {
      put("{}{}{}\n", candidate.text, candidate.words.empty() ? "" : "\t", candidate.words);
    }
  });
}

}  // namespace ringside::harness
