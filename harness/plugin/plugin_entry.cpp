// Compiled into each plug-in by ringside_add_queue(): its stamp, and the list of what it enters. It
// keeps that to itself until the program has read the stamp and asks for the list.
#include "harness/plugin/plugin_stamp.hpp"

namespace ringside::harness {
namespace {

std::vector<Entrant>& entrants() {
  static std::vector<Entrant> all;
  return all;
}

}  // namespace

/// The plug-in's own, hidden: the program's enters at once.
bool enter(const Entrant& entrant) {
  entrants().push_back(entrant);
  return true;
}

}  // namespace ringside::harness

extern "C" {

[[gnu::visibility("default")]] extern const ringside::harness::PluginStamp ringside_plugin_stamp;
[[gnu::used]] const ringside::harness::PluginStamp ringside_plugin_stamp =
    ringside::harness::pluginStamp();

[[gnu::visibility("default")]] const std::vector<ringside::harness::Entrant>*
ringside_plugin_entrants() {
  return &ringside::harness::entrants();
}
}
