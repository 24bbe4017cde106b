// A made-up tree of /proc and /sys for tests.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>

#include "harness/system_files.hpp"

namespace ringside::harness {

class FakeTree {
 public:
  FakeTree() {
    std::string name = (std::filesystem::temp_directory_path() / "ringside-tree-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  FakeTree(std::initializer_list<std::pair<const char*, const char*>> files) : FakeTree() {
    for (const auto& [path, text] : files) write(path, text);
  }
  FakeTree(const FakeTree&) = delete;
  FakeTree& operator=(const FakeTree&) = delete;
  ~FakeTree() { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path place = files().pathOf(path);
    std::filesystem::create_directories(place.parent_path());
    std::ofstream(place) << text;
  }
  std::string read(const std::string& path) const { return files().text(path).value_or(""); }
  SystemFiles files() const { return SystemFiles(root_); }
  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace ringside::harness
