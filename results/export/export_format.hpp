// The formats that other tools read: one table, in export_format.cpp. A new one is a file beside it
// and a row there.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "results/export/exporter.hpp"

namespace ringside::results {

/// Several: into a folder, for no reader takes them in one stream.
enum class ExportFiles : std::uint8_t { One, Several };

/// What ExportTerms::only names.
enum class ExportChoice : std::uint8_t { Nothing, Metrics, Histograms };

struct ExportFormat {
  std::string_view name;     ///< as the command line has it
  std::string_view summary;  ///< a few words: what reads it
  ExportFiles files;
  ExportChoice choice;
  std::string_view reader;  ///< a command that reads it, {} in the place of its name; or empty
  std::unique_ptr<Exporter> (*make)(const ExportTerms& terms);
};

/// In the order in which they are shown.
std::span<const ExportFormat> exportFormats() noexcept;

/// nullptr for a name that is not in the table.
const ExportFormat* findExportFormat(std::string_view name) noexcept;

}  // namespace ringside::results
